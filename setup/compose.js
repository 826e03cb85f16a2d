import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from './failure.js';
import { CACHE } from './places.js';
import { runCommand } from './run-command.js';

/**
 * A compose of this machine.
 * @typedef {object} Compose
 * @property {string} version as it says itself
 * @property {string} command what a shell calls it by
 * @property {NodeJS.ProcessEnv} env the environment in which the shell finds it
 */

/** @typedef {'1' | '2'} Generation 1 is `docker-compose` in Python, 2 the plugin of `docker` that came after it */

/** @type {readonly Generation[]} */
const GENERATIONS = ['1', '2'];

/** Debian had the first generation up to this release. */
const LAST_DEBIAN_WITH_1 = 12;

/**
 * The generations that set-up fetches where they are missing: on Debian, as root.
 * @param {string | undefined} release text of os-release(5)
 * @param {boolean} isRoot
 * @returns {readonly Generation[]}
 */
export function fetchableGenerations(release = readRelease(), isRoot = process.getuid?.() === 0) {
  if (!isRoot || !/^ID="?debian"?$/m.test(release)) return [];
  const number = Number(/^VERSION_ID="?(\d+)/m.exec(release)?.[1]);
  return number <= LAST_DEBIAN_WITH_1 ? GENERATIONS : ['2'];
}

/**
 * Where what set-up fetches is unpacked, a directory for each generation.
 * @param {Generation} generation
 */
export function fetchedPlace(generation, cache = CACHE) {
  return join(cache, `compose-${generation}`);
}

/**
 * The composes that there are, one of each generation at most: the machine's own, or else the one that set-up fetched.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Map<Generation, Compose>>}
 */
export async function findComposes(env, cache = CACHE) {
  const one = fetchedPlace('1', cache);
  const two = fetchedPlace('2', cache);
  /** @type {{ command: string, env: NodeJS.ProcessEnv }[]} */
  const candidates = [
    { command: 'docker-compose', env },
    { command: 'docker compose', env },
    {
      command: 'docker-compose',
      env: {
        ...env,
        PATH: [join(one, 'root/usr/bin'), env['PATH'] ?? ''].join(delimiter),
        PYTHONPATH: join(one, 'root/usr/lib/python3/dist-packages'),
      },
    },
    { command: 'docker compose', env: { ...env, DOCKER_CONFIG: join(two, 'config') } },
  ];
  /** @type {Map<Generation, Compose>} */
  const found = new Map();
  for (const candidate of candidates) {
    const version = await versionOf(candidate);
    if (version === undefined) continue;
    // From 2 on it is one program, whatever number its releases have.
    const generation = version.startsWith('1.') ? '1' : '2';
    if (!found.has(generation)) found.set(generation, { version, ...candidate });
  }
  return found;
}

/**
 * The composes for the tests: all there are.
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly Generation[]} needed those that have to be among them: by default, all that set-up fetches
 * @returns {Promise<readonly Compose[]>}
 * @throws {Failure} where there is none, or one that is needed is missing
 */
export async function requireComposes(env, needed = fetchableGenerations(), cache = CACHE) {
  const found = await findComposes(env, cache);
  const missing = needed.filter((generation) => !found.has(generation));
  if (missing.length > 0)
    throw new Failure('find docker compose', `there is none of generation ${missing.join(' and ')}`, {
      hint: 'this machine can have it: `npm test -- test/e2e/compose.test.ts` fetches it',
    });
  const composes = GENERATIONS.flatMap((generation) => found.get(generation) ?? []);
  if (composes.length > 0) return composes;
  throw new Failure('find docker compose', 'neither `docker compose` nor `docker-compose` is there', {
    hint: "install Docker's compose plugin, or docker-compose 1.29; on Debian, as root, `npm test` fetches both",
  });
}

/**
 * @param {{ command: string, env: NodeJS.ProcessEnv }} candidate
 * @returns {Promise<string | undefined>}
 */
async function versionOf({ command, env }) {
  const [program = '', ...args] = command.split(' ');
  const { status, stdout } = await runCommand(program, [...args, 'version', '--short'], { env });
  return status === 0 ? /^v?(\d+\.\d+\S*)/.exec(stdout.trim())?.[1] : undefined;
}

function readRelease() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
