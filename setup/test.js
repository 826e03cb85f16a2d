import { join } from 'node:path';
import { findNode, installDependencies } from './packages/dependencies.js';
import { clientEnvironment } from './engine/docker.js';
import { reportFailure } from './failure.js';
import { ensureComposes } from './packages/fetch-compose.js';
import { ensureSshd } from './fetch-sshd.js';
import { interruptible } from './process/interruption.js';
import { MODULES } from './places.js';
import { prepare } from './prepare.js';
import { installFromDebian } from './packages/install-from-debian.js';
import { runCommand } from './process/run-command.js';
import { runInForeground } from './process/run-in-foreground.js';
import { needsComposes, needsEngine, runOnce } from './test-selection.js';

/**
 * `npm test -- ARGS`: sets the machine up as far as the selected tests need it, then runs them.
 * @param {readonly string[]} args vitest's arguments
 * @returns {Promise<number>} its exit status
 */
async function test(args) {
  const env = await interruptible(() => prepareFor(args));
  return runInForeground(findNode(), [join(MODULES, 'vitest/vitest.mjs'), ...runOnce(args)], env);
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
async function prepareFor(args) {
  if (!needsEngine(args)) {
    await installDependencies();
    return process.env;
  }
  const images = /** @type {const} */ ([
    'gentoo-builder',
    'gentoo-base',
    'gentoo-ministage',
    'gentoo-ministage-faults',
  ]);
  const hasComposes = needsComposes(args);
  const { engine, hasRegistry } = await prepare({ images, bases: hasComposes ? ['haproxy'] : [] });
  if (hasComposes) await ensureComposes();
  // Tests cut the cable of a network namespace.
  if ((await runCommand('ip', ['-V'])).status !== 0)
    await installFromDebian('iproute2', 'install iproute2, for example from your distribution');
  await ensureSshd();
  const env = clientEnvironment(engine);
  // testcontainers would pull its reaper.
  return hasRegistry ? env : { TESTCONTAINERS_RYUK_DISABLED: 'true', ...env };
}

process.exitCode = await test(process.argv.slice(2)).catch(reportFailure);
