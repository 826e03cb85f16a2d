import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { pingEngine } from '../../setup/engine/endpoint.js';
import { Failure } from '../../setup/failure.js';
import { interruption, throwIfInterrupted } from '../../setup/process/interruption.js';
import { CACHE } from '../../setup/places.js';
import { lastLines } from '../../setup/process/step.js';
import { connectNetwork, INSIDE, readResolvers } from './network.js';

/** @typedef {import('../../setup/engine/endpoint.js').Endpoint} Endpoint */

const SERVE = fileURLToPath(new URL('serve-in-root.sh', import.meta.url));
const NAMESPACES = [
  '--mount',
  '--propagation',
  'private',
  '--pid',
  '--fork',
  '--kill-child',
  '--ipc',
  '--uts',
  '--net',
];
/** Its containers' control groups are below this one, apart from those of another engine. */
const CONTROL_GROUP = 'gentoo-builder-engine';
const STEP = 'start the engine';
const START_LIMIT = 60_000;
const ASK_EVERY = 200;
/** An engine gives each container that still runs 10 s. */
const STOP_LIMIT = 60_000;

/**
 * An engine that runs.
 * @typedef {object} PrivateEngine
 * @property {Endpoint} endpoint
 * @property {string} network the path of its network namespace
 * @property {() => Promise<void>} stop ends it and all that it runs, and takes away what was made for it on the host
 */

/**
 * Starts the engine of a Debian root in separate namespaces. It ends with this process, however that ends.
 * @param {string} root
 * @param {string} socket where it is to listen, in one of the shared directories
 * @param {import('./engines.js').EngineUnderTest['command']} command
 * @param {readonly string[]} shared directories and files of the host that it has at the same paths
 * @returns {Promise<PrivateEngine>}
 * @throws {Failure}
 */
export async function startEngine(root, socket, command, shared) {
  writeFileSync(join(root, 'etc/resolv.conf'), readResolvers());
  rmSync(socket, { force: true });
  mkdirSync(CACHE, { recursive: true });
  const logFile = join(CACHE, 'engine.log');
  const log = openSync(logFile, 'w');
  const inside = [SERVE, root, INSIDE.address, INSIDE.gateway, ...shared, '--', ...command(socket, CONTROL_GROUP)];
  // A session of its own: Ctrl-C is for this program, which stops the engine in the end.
  const engine = spawn('unshare', [...NAMESPACES, 'sh', ...inside], { detached: true, stdio: ['pipe', 'pipe', log] });
  closeSync(log);
  const orders = /** @type {import('node:stream').Writable} */ (engine.stdin);
  const answers = /** @type {import('node:stream').Readable} */ (engine.stdout);
  /** @type {string | undefined} */
  let ended;
  const end = once(engine, 'close').then(
    ([code, signal]) => (ended = `it ended with ${signal ?? `status ${code}`}`),
    (/** @type {Error} */ error) => (ended = error.message),
  );
  orders.on('error', () => {});
  let disconnect = () => {};
  const stop = async () => {
    // The end of its standard input is the order to end.
    orders.end();
    const limit = new AbortController();
    await Promise.race([end, delay(STOP_LIMIT, undefined, { signal: limit.signal }).catch(() => {})]);
    limit.abort();
    if (ended === undefined) engine.kill('SIGKILL');
    await end;
    disconnect();
    removeControlGroups();
    rmSync(socket, { force: true });
  };
  try {
    await Promise.race([once(answers, 'data'), end]);
    if (ended === undefined && engine.pid !== undefined) {
      disconnect = connectNetwork(engine.pid);
      orders.write('go\n');
    }
    const why = await awaitEngine({ url: `unix://${socket}`, socket }, () => ended);
    if (why !== undefined) {
      throw new Failure(STEP, `${why}\n${lastLines(readFileSync(logFile, 'utf8'))}\n(the whole log: ${logFile})`);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint: { url: `unix://${socket}`, socket }, network: `/proc/${engine.pid}/ns/net`, stop };
}

/**
 * @param {Endpoint} endpoint
 * @param {() => string | undefined} ended says why no answer can come any more
 * @returns {Promise<string | undefined>} why it does not answer
 */
async function awaitEngine(endpoint, ended) {
  const deadline = performance.now() + START_LIMIT;
  while (ended() === undefined && performance.now() < deadline) {
    if ((await pingEngine(endpoint)).answers) return undefined;
    await delay(ASK_EVERY, undefined, { signal: interruption }).catch(() => {});
    throwIfInterrupted(STEP);
  }
  return ended() ?? `no answer from ${endpoint.url} within ${START_LIMIT / 1000} s`;
}

/** An engine leaves the group that it made for its containers, in every hierarchy that there is. */
function removeControlGroups() {
  const hierarchies = ['/sys/fs/cgroup', ...listDirectories('/sys/fs/cgroup')];
  for (const hierarchy of hierarchies) removeControlGroup(join(hierarchy, CONTROL_GROUP));
}

/** @param {string} group */
function removeControlGroup(group) {
  for (const below of listDirectories(group)) removeControlGroup(below);
  try {
    rmdirSync(group);
  } catch {
    // There is none in this hierarchy.
  }
}

/**
 * @param {string} directory
 * @returns {string[]} the paths of those in it; none where it is not there
 */
function listDirectories(directory) {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  } catch {
    return [];
  }
}
