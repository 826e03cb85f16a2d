import { findNode, installDependencies } from './packages/dependencies.js';
import { reportFailure } from './failure.js';
import { interruptible } from './process/interruption.js';
import { needsMinistage } from './images/ministage-of-site.js';
import { prepare } from './prepare.js';

/**
 * Sets the machine up for zentoo's arguments, then prints the path of Node, which launch.sh uses to run zentoo,
 * or `container` if zentoo has to run in its image.
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit status
 */
async function prepareNode(args) {
  const caller = { env: process.env, directory: process.cwd() };
  await interruptible(installDependencies);
  // The module imports dependencies.
  const { readZentooCall } = await import('./engine/zentoo-call.js');
  const inContainer = readZentooCall(args, caller).usesSwarm;
  /** @type {import('./images/images.js').ImageName[]} */
  const images = [];
  if (inContainer) images.push('gentoo-builder');
  if (needsMinistage(args, caller)) images.push('gentoo-ministage');
  if (images.length > 0) await interruptible(() => prepare({ images }));
  process.stdout.write(inContainer ? 'container\n' : `${findNode()}\n`);
  return 0;
}

process.exitCode = await prepareNode(process.argv.slice(2)).catch(reportFailure);
