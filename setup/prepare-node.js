import { findNode, installDependencies } from './dependencies.js';
import { reportFailure } from './failure.js';
import { interruptible } from './interruption.js';

/**
 * Installs the dependencies and prints the path of the Node that runs the project, for a program that is to become it.
 * @returns {Promise<number>} the exit status
 */
async function prepareNode() {
  await interruptible(installDependencies);
  process.stdout.write(`${findNode()}\n`);
  return 0;
}

process.exitCode = await prepareNode().catch(reportFailure);
