import { join, resolve } from 'node:path';
import { findNode, installDependencies } from './dependencies.js';
import { reportFailure } from './failure.js';
import { interruptible } from './interruption.js';
import { PROJECT } from './places.js';
import { runInForeground } from './run-in-foreground.js';

/**
 * `npm run zentoo -- ARGS`: installs the dependencies and runs zentoo on this host, in the directory that npm was called
 * in.
 * @param {readonly string[]} args
 * @returns {Promise<number>} zentoo's exit status
 */
async function zentoo(args) {
  await interruptible(installDependencies);
  // npm itself has changed to the project's directory.
  process.chdir(resolve(process.env['INIT_CWD'] ?? '.'));
  // A freshroot is typed into.
  const program = [join(PROJECT, 'src/zentoo.ts'), ...args];
  return runInForeground(findNode(), program, process.env, { stdin: 'inherit' });
}

process.exitCode = await zentoo(process.argv.slice(2)).catch(reportFailure);
