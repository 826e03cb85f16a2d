import { statSync } from 'node:fs';
import { join } from 'node:path';
import { builderCommand, isAnsweredHere, liveTerminal } from './engine/builder-arguments.js';
import { findNode, installDependencies } from './packages/dependencies.js';
import { reportFailure } from './failure.js';
import { interruptible } from './process/interruption.js';
import { refuseTakenOptions } from './npm-options.js';
import { PROJECT } from './places.js';
import { prepare } from './prepare.js';
import { runContainer } from './engine/run-container.js';
import { runInForeground } from './process/run-in-foreground.js';

/**
 * `./gentoo-builder ARGS` and `npm start -- ARGS`: sets the machine up, then runs the built image as a user would.
 * @param {readonly string[]} args
 * @returns {Promise<number>} the builder's exit status
 */
async function start(args) {
  refuseTakenOptions(args, process.env);
  if (isAnsweredHere(args)) {
    await interruptible(installDependencies);
    return runInForeground(findNode(), [join(PROJECT, 'src/gentoo-builder.ts'), ...args], process.env);
  }
  const { engine } = await interruptible(() => prepare({ images: ['gentoo-builder', 'gentoo-ministage'] }));
  const command = builderCommand(args, engine, {
    env: process.env,
    directory: process.env['INIT_CWD'] ?? process.cwd(),
    terminal: liveTerminal(process.stderr, process.env),
    isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
  });
  return runContainer(engine, command);
}

process.exitCode = await start(process.argv.slice(2)).catch(reportFailure);
