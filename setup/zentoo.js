import { join, resolve } from 'node:path';
import { findNode, installDependencies } from './dependencies.js';
import { clientEnvironment } from './docker.js';
import { reportFailure } from './failure.js';
import { interruptible } from './interruption.js';
import { needsMinistage } from './ministage-of-site.js';
import { PROJECT } from './places.js';
import { prepare } from './prepare.js';
import { runInForeground } from './run-in-foreground.js';

/**
 * `npm run zentoo -- ARGS`: installs the dependencies, makes the ministage where the site starts from it, and runs zentoo
 * on this host, in the directory that npm was called in.
 * @param {readonly string[]} args
 * @returns {Promise<number>} zentoo's exit status
 */
async function zentoo(args) {
  const directory = resolve(process.env['INIT_CWD'] ?? '.');
  const env = await interruptible(() => prepareFor(args, directory));
  // npm itself has changed to the project's directory.
  process.chdir(directory);
  // A freshroot is typed into.
  const program = [join(PROJECT, 'src/zentoo.ts'), ...args];
  return runInForeground(findNode(), program, env, { stdin: 'inherit' });
}

/**
 * @param {readonly string[]} args
 * @param {string} directory
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
async function prepareFor(args, directory) {
  if (needsMinistage(args, { env: process.env, directory })) {
    const { engine } = await prepare({ images: ['gentoo-ministage'] });
    return clientEnvironment(engine);
  }
  await installDependencies();
  return process.env;
}

process.exitCode = await zentoo(process.argv.slice(2)).catch(reportFailure);
