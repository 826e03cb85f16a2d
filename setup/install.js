import { installDependencies } from './packages/dependencies.js';
import { reportFailure } from './failure.js';
import { interruptible } from './process/interruption.js';

// Installs the locked dependencies if they are missing. The checks of `.ci/run` need them before the first test.
await interruptible(installDependencies).catch((error) => (process.exitCode = reportFailure(error)));
