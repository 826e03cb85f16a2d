import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { pingEngine } from './endpoint.js';
import { Failure } from '../failure.js';
import { interruption, throwIfInterrupted } from '../process/interruption.js';
import { runCommand } from '../process/run-command.js';
import { doStep, lastLines } from '../process/step.js';

const PID_FILE = '/var/run/docker.pid';
const CONTAINERD_PID_FILE = '/var/run/docker/containerd/containerd.pid';
const LOG_FILE = '/var/log/dockerd.log';
const START_LIMIT = 60_000;
const ASK_EVERY = 200;
const STEP = 'start the Docker engine';

/** Whether the machine runs Debian. Derivatives of Debian have other Docker packages. */
export function isDebian() {
  try {
    return /^ID="?debian"?$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/**
 * Installs Debian's engine if there is none, and starts it.
 * @param {import('./endpoint.js').Endpoint} endpoint the address that the engine will listen on
 */
export async function installEngine(endpoint) {
  const hasEngine = (await runCommand('dockerd', ['--version'])).status === 0;
  const hasClient = (await runCommand('docker', ['--version'])).status === 0;
  if (!hasEngine || !hasClient) await installPackages();
  if (existsSync('/run/systemd/system')) {
    await doStep(STEP, 'start-engine', (run) => run('systemctl', ['start', 'docker']));
    await awaitEngine(endpoint, () => undefined);
  } else {
    await startDaemon(endpoint);
  }
}

async function installPackages() {
  const hint = 'check that a Debian mirror is reachable: run `apt-get update`';
  const work = async (/** @type {import('../process/step.js').LoggedCommand} */ run) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update'], { env });
    const packages = ['docker.io'];
    // From Debian 13 on, the client is a separate package.
    if ((await runCommand('apt-cache', ['show', 'docker-cli'])).status === 0) packages.push('docker-cli');
    // The engine starts no container if the kernel has AppArmor and the parser of AppArmor is missing.
    if (existsSync('/sys/kernel/security/apparmor')) packages.push('apparmor');
    await run('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { env });
  };
  await doStep('install docker.io from Debian', 'install-engine', work, hint);
}

/**
 * Starts dockerd in its own session and leaves it running. The init script is not used, because a policy may forbid it.
 * @param {import('./endpoint.js').Endpoint} endpoint
 */
async function startDaemon(endpoint) {
  if (isRunning(PID_FILE, 'dockerd')) return awaitEngine(endpoint, () => undefined);
  removeStalePidFiles();
  process.stderr.write(`${STEP} ...`);
  const log = openSync(LOG_FILE, 'a');
  const begin = readFileSync(LOG_FILE).length;
  const daemon = spawn('dockerd', ['--pidfile', PID_FILE], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  daemon.unref();
  /** @type {string | undefined} */
  let ended;
  void once(daemon, 'exit').then(
    ([code, signal]) => (ended = `dockerd ended with ${signal ?? `status ${code}`}`),
    (/** @type {Error} */ error) => (ended = error.message),
  );
  try {
    await awaitEngine(endpoint, () => ended);
  } catch (error) {
    process.stderr.write(' failed\n');
    if (ended === undefined) daemon.kill('SIGTERM');
    if (!(error instanceof Failure)) throw error;
    const end = lastLines(readFileSync(LOG_FILE).subarray(begin).toString());
    throw new Failure(
      STEP,
      `${ended ?? `no answer within ${START_LIMIT / 1000} s`}\n${end}\n(the whole log: ${LOG_FILE})`,
      {
        hint: "read dockerd's messages above; without privileges, as in a container, it cannot use cgroups, iptables and overlayfs",
        status: error.status,
      },
    );
  }
  process.stderr.write(` it keeps running; its log is ${LOG_FILE}; to stop it: kill "$(cat ${PID_FILE})"\n`);
}

/**
 * Removes the pid files of an engine that was killed. dockerd refuses to start if another process has one of those ids.
 */
function removeStalePidFiles() {
  if (!isRunning(PID_FILE, 'dockerd')) rmSync(PID_FILE, { force: true });
  if (!isRunning(CONTAINERD_PID_FILE, 'containerd')) rmSync(CONTAINERD_PID_FILE, { force: true });
}

/**
 * @param {string} pidFile
 * @param {string} program
 * @returns {boolean} whether the process with the file's id runs that program
 */
function isRunning(pidFile, program) {
  try {
    const pid = readFileSync(pidFile, 'utf8').trim();
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === program;
  } catch {
    return false;
  }
}

/**
 * @param {import('./endpoint.js').Endpoint} endpoint
 * @param {() => string | undefined} ended returns the reason if the engine has ended
 */
async function awaitEngine(endpoint, ended) {
  const deadline = performance.now() + START_LIMIT;
  while (ended() === undefined && performance.now() < deadline) {
    if ((await pingEngine(endpoint)).answers) return;
    await delay(ASK_EVERY, undefined, { signal: interruption }).catch(() => {});
    throwIfInterrupted(STEP);
  }
  throw new Failure(STEP, ended() ?? `no answer from ${endpoint.url} within ${START_LIMIT / 1000} s`);
}
