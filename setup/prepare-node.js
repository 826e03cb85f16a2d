import { findNode, installDependencies } from './packages/dependencies.js';
import { reportFailure } from './failure.js';
import { interruptible } from './process/interruption.js';
import { needsMinistage } from './images/ministage-of-site.js';
import { prepare } from './prepare.js';

/**
 * Sets the machine up for zentoo's arguments, then prints the path of Node, which launch.sh uses to run zentoo.
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit status
 */
async function prepareNode(args) {
  const needed = needsMinistage(args, { env: process.env, directory: process.cwd() });
  await interruptible(async () => {
    if (needed) await prepare({ images: ['gentoo-ministage'] });
    else await installDependencies();
  });
  process.stdout.write(`${findNode()}\n`);
  return 0;
}

process.exitCode = await prepareNode(process.argv.slice(2)).catch(reportFailure);
