import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chooseEndpoint, pingEngine } from '../../setup/endpoint.js';
import { findNode, installDependencies } from '../../setup/dependencies.js';
import { clientEnvironment } from '../../setup/docker.js';
import { Failure, reportFailure } from '../../setup/failure.js';
import { isDebian } from '../../setup/install-engine.js';
import { ENDINGS, interruptible } from '../../setup/interruption.js';
import { withLock } from '../../setup/lock.js';
import { PROJECT } from '../../setup/places.js';
import { runCommand } from '../../setup/run-command.js';
import { runInForeground } from '../../setup/run-in-foreground.js';
import { copyImages } from './copy-images.js';
import { ensureDebianRoot } from './debian-root.js';
import { startEngine } from './private-engine.js';

/** Root's own, unlike a place below /var/tmp; for all clones, because it is a gigabyte and more. */
const DIRECTORY = '/var/cache/gentoo-builder-engine';
const NEEDED = ['unshare', 'nsenter', 'pivot_root', 'ip', 'iptables', 'docker'];
/** All that talks to an engine, but for set-up itself, which has an engine given here. */
const SELECTION = ['--project', 'integration', '--project', 'e2e', '--exclude', 'test/e2e/start.test.ts'];
const STEP = 'run a newer engine';

/**
 * `npm run test:engines -- ARGS`: the tests against the engine of a newer Debian, which runs in namespaces of its own for
 * as long as they do. The root file system and the engine's data stay for the next time.
 * @param {readonly string[]} args those of vitest, instead of the whole selection
 * @returns {Promise<number>} its exit status
 */
async function testEngines(args) {
  await checkMachine();
  return withLock('newer engine', async () => {
    const directory = join(DIRECTORY, 'run');
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    try {
      return await testIn(directory, args);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

/**
 * @param {string} directory what the tests and the engine share
 * @param {readonly string[]} args
 */
async function testIn(directory, args) {
  const engine = await interruptible(async () => {
    await installDependencies();
    const root = await ensureDebianRoot(DIRECTORY);
    // Tests bind the checkout and the Node that runs them into containers.
    const shared = [directory, realpathSync(PROJECT), realpathSync(findNode())];
    return startEngine(root, join(directory, 'docker.sock'), shared);
  });
  try {
    await interruptible(async () => {
      const own = chooseEndpoint(process.env);
      if ((await pingEngine(own)).answers) await copyImages(own, engine.endpoint, directory);
      process.stderr.write(`${await describeVersions(engine.endpoint)}\n`);
    });
    const env = { ...clientEnvironment(engine.endpoint), TMPDIR: directory };
    const selection = args.length === 0 ? SELECTION : args;
    // In the engine's network: what a test serves on the loopback is to be on the engine's, as with an engine of the host.
    const command = [`--net=${engine.network}`, process.execPath, join(PROJECT, 'setup/test.js'), ...selection];
    return await runInForeground('nsenter', command, env);
  } finally {
    await engine.stop();
  }
}

async function checkMachine() {
  const hint = 'run this as root on a Debian with util-linux, iproute2, iptables and a Docker client';
  if (process.platform !== 'linux' || !isDebian()) throw new Failure(STEP, 'this is not Debian', { hint });
  if (process.getuid?.() !== 0) throw new Failure(STEP, 'only root can make its root file system', { hint });
  for (const command of NEEDED) {
    const { stderr, status } = await runCommand(command, ['--version']);
    if (status === 127) throw new Failure(STEP, stderr.trim(), { hint });
  }
}

/** @param {import('../../setup/endpoint.js').Endpoint} endpoint */
async function describeVersions(endpoint) {
  const format = 'client {{.Client.Version}}, engine {{.Server.Version}}, API {{.Server.APIVersion}}';
  const { stdout } = await runCommand('docker', ['version', '--format', format], { env: clientEnvironment(endpoint) });
  return stdout.trim();
}

// In between, those that handle them come and go: a signal must never end this before the engine is stopped.
for (const signal of ENDINGS) process.on(signal, () => {});
process.exitCode = await testEngines(process.argv.slice(2)).catch(reportFailure);
