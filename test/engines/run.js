import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chooseEndpoint, pingEngine } from '../../setup/engine/endpoint.js';
import { findNode, installDependencies } from '../../setup/packages/dependencies.js';
import { clientEnvironment } from '../../setup/engine/docker.js';
import { Failure, reportFailure } from '../../setup/failure.js';
import { isDebian } from '../../setup/engine/install-engine.js';
import { asksForHelp } from '../../setup/help.js';
import { ENDINGS, interruptible } from '../../setup/process/interruption.js';
import { withLock } from '../../setup/process/lock.js';
import { PROJECT } from '../../setup/places.js';
import { runCommand } from '../../setup/process/run-command.js';
import { runInForeground } from '../../setup/process/run-in-foreground.js';
import { copyImages } from './copy-images.js';
import { ensureDebianRoot } from './debian-root.js';
import { chooseEngines, DIRECTORY, ENGINES } from './engines.js';
import { startEngine } from './private-engine.js';

const NEEDED = ['unshare', 'nsenter', 'pivot_root', 'ip', 'iptables', 'docker'];
/** All that talks to an engine, but for set-up itself, which has an engine given here. */
const SELECTION = ['--project', 'integration', '--project', 'e2e', '--exclude', 'test/e2e/start.test.ts'];
const STEP = 'run another engine';

/**
 * `npm run test:engines -- [--engine=NAME]... ARGS`: runs the tests against each engine of engines.js, or those named, one
 * after the other. An engine runs in separate namespaces while the tests do. Its root file system and data are kept.
 * @param {readonly string[]} args those of vitest, instead of the whole selection
 * @returns {Promise<number>} the exit status of the first engine whose tests fail, else 0
 */
async function testEngines(args) {
  const names = ENGINES.map(({ name }) => name).join(', ');
  if (asksForHelp(args)) {
    process.stdout.write(
      `usage: npm run test:engines -- [--engine=NAME]... [ARGUMENT OF VITEST]...\nthe engines: ${names}\n`,
    );
    return 0;
  }
  const { engines, unknown, rest } = chooseEngines(args);
  if (unknown.length > 0) {
    throw new Failure(STEP, `there is no engine ${unknown.join(', ')}`, { hint: `the engines are ${names}` });
  }
  await checkMachine();
  let status = 0;
  for (const engine of engines) {
    process.stderr.write(`\n${engine.name}\n`);
    const ended = await testEngine(engine, rest);
    if (status === 0) status = ended;
  }
  return status;
}

/**
 * @param {import('./engines.js').EngineUnderTest} engine
 * @param {readonly string[]} args
 */
function testEngine(engine, args) {
  return withLock('another engine', async () => {
    const directory = join(DIRECTORY, 'run');
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    try {
      return await testIn(engine, directory, args);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

/**
 * @param {import('./engines.js').EngineUnderTest} underTest
 * @param {string} directory what the tests and the engine share
 * @param {readonly string[]} args
 */
async function testIn(underTest, directory, args) {
  const engine = await interruptible(async () => {
    await installDependencies();
    const root = await ensureDebianRoot(join(DIRECTORY, underTest.name), underTest);
    // Tests bind the checkout and the Node that runs them into containers.
    const shared = [directory, realpathSync(PROJECT), realpathSync(findNode())];
    return startEngine(root, join(directory, 'docker.sock'), underTest.command, shared);
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
    const status = await runInForeground('nsenter', command, env);
    process.stderr.write(`\n${await describeRun(underTest, engine.endpoint, selection, status)}\n`);
    return status;
  } finally {
    await engine.stop();
  }
}

/**
 * A row for the table of docs/engines.md.
 * @param {import('./engines.js').EngineUnderTest} underTest
 * @param {import('../../setup/engine/endpoint.js').Endpoint} endpoint
 * @param {readonly string[]} selection
 * @param {number} status
 */
async function describeRun({ suite }, endpoint, selection, status) {
  const git = ['-C', PROJECT, 'describe', '--always', '--dirty', '--exclude=*'];
  const commit = (await runCommand('git', git)).stdout.trim();
  const day = new Date().toISOString().slice(0, 10);
  const result = status === 0 ? 'passed' : `ended with ${status}`;
  return `| ${suite}: ${await describeVersions(endpoint)} | ${selection.join(' ')}: ${result} | ${commit}, ${day} |`;
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

/** @param {import('../../setup/engine/endpoint.js').Endpoint} endpoint */
async function describeVersions(endpoint) {
  const format = 'client {{.Client.Version}}, engine {{.Server.Version}}, API {{.Server.APIVersion}}';
  const { stdout } = await runCommand('docker', ['version', '--format', format], { env: clientEnvironment(endpoint) });
  return stdout.trim();
}

// In between, those that handle them come and go: a signal must never end this before the engine is stopped.
for (const signal of ENDINGS) process.on(signal, () => {});
process.exitCode = await testEngines(process.argv.slice(2)).catch(reportFailure);
