import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from '../failure.js';
import { CACHE } from '../places.js';
import { runCommand } from '../process/run-command.js';

/**
 * A compose program of this machine.
 * @typedef {object} Compose
 * @property {string} version the version that it prints
 * @property {string} command the command in a shell
 * @property {NodeJS.ProcessEnv} env the environment in which the shell finds it
 */

/** @typedef {'1' | '2'} Generation 1 is `docker-compose` in Python, 2 the plugin of `docker` that came after it */

/** @type {readonly Generation[]} */
const GENERATIONS = ['1', '2'];

/** Debian had the first generation up to this release. */
const LAST_DEBIAN_WITH_1 = 12;

/**
 * The generations that set-up fetches if they are missing: on Debian, as root.
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
 * The directory for a fetched generation.
 * @param {Generation} generation
 */
export function fetchedPlace(generation, cache = CACHE) {
  return join(cache, `compose-${generation}`);
}

/**
 * The available composes, at most one of each generation: the machine's own, or else the fetched one.
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
    // All releases from 2 on are of one generation.
    const generation = version.startsWith('1.') ? '1' : '2';
    if (!found.has(generation)) found.set(generation, { version, ...candidate });
  }
  return found;
}

/**
 * The composes for the tests: all available ones.
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly Generation[]} needed the generations that must be available; by default, all that set-up fetches
 * @returns {Promise<readonly Compose[]>}
 * @throws {Failure} if there is none, or a needed generation is missing
 */
export async function requireComposes(env, needed = fetchableGenerations(), cache = CACHE) {
  const found = await findComposes(env, cache);
  const missing = needed.filter((generation) => !found.has(generation));
  if (missing.length > 0)
    throw new Failure('find docker compose', `generation ${missing.join(' and ')} is missing`, {
      hint: 'run `npm test -- test/e2e/compose.test.ts`, which fetches it',
    });
  const composes = GENERATIONS.flatMap((generation) => found.get(generation) ?? []);
  if (composes.length > 0) return composes;
  throw new Failure('find docker compose', 'neither `docker compose` nor `docker-compose` is installed', {
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
