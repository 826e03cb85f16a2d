import { join } from 'node:path';
import { findBases } from './images/base-images.js';
import { findNode, installDependencies } from './packages/dependencies.js';
import { clientEnvironment } from './engine/docker.js';
import { ensureComposes } from './packages/fetch-compose.js';
import { reportFailure } from './failure.js';
import { asksForHelp } from './help.js';
import { interruptible } from './process/interruption.js';
import { PROJECT } from './places.js';
import { prepare } from './prepare.js';
import { runInForeground } from './process/run-in-foreground.js';

/**
 * `npm run bench -- ARGS`: sets the machine up, then measures. Not part of `npm test`.
 * @param {readonly string[]} args arguments for test/bench/bench.ts
 * @returns {Promise<number>} the exit status: 1 if a row misses its target
 */
async function bench(args) {
  const program = join(PROJECT, 'test/bench/bench.ts');
  if (asksForHelp(args)) {
    await interruptible(installDependencies);
    return runInForeground(findNode(), [program, '--help'], process.env);
  }
  const { engine, runtime } = await interruptible(async () => {
    await ensureComposes();
    const prepared = await prepare({ images: ['gentoo-builder', 'gentoo-ministage'] });
    return { ...prepared, runtime: await findBases(prepared.engine).get('node-runtime') };
  });
  return runInForeground(findNode(), [program, '--runtime-image', runtime, ...args], clientEnvironment(engine));
}

process.exitCode = await bench(process.argv.slice(2)).catch(reportFailure);
