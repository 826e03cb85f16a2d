/** @typedef {{ name: string, suite: string, packages: readonly string[], command: (socket: string, controlGroup: string) => string[] }} EngineUnderTest */

import { fileURLToPath } from 'node:url';
import { DEFAULT_SOCKET } from '../../setup/engine/endpoint.js';

/** Root's own, unlike a place below /var/tmp; for all clones, because it is a gigabyte and more. */
export const DIRECTORY = '/var/cache/gentoo-builder-engine';

const SERVE_PODMAN = fileURLToPath(new URL('serve-podman.sh', import.meta.url));

/** procps: an engine asks ps for the processes of a container. */
const COMMON = ['ca-certificates', 'iptables', 'procps'];
const DOCKER = [...COMMON, 'docker.io'];
/** The client is for a look at the engine from within; before trixie, docker.io contains it. */
const CLIENT = 'docker-cli';
const PODMAN = [...COMMON, 'aardvark-dns', 'catatonit', 'crun', 'netavark', 'nftables', 'podman'];

/**
 * The engines that the tests are run against. The oldest supported Docker is in bookworm, the newest of Debian's archives in sid.
 * @type {readonly EngineUnderTest[]}
 */
export const ENGINES = [
  { name: 'docker-bookworm', suite: 'bookworm', packages: DOCKER, command: dockerCommand },
  { name: 'docker-trixie', suite: 'trixie', packages: [...DOCKER, CLIENT], command: dockerCommand },
  { name: 'docker-sid', suite: 'sid', packages: [...DOCKER, CLIENT], command: dockerCommand },
  { name: 'podman-bookworm', suite: 'bookworm', packages: PODMAN, command: podmanCommand },
  { name: 'podman-trixie', suite: 'trixie', packages: PODMAN, command: podmanCommand },
];

/**
 * Splits the arguments of `npm run test:engines` into the engines that are named by `--engine=NAME`, all if none is, and the
 * arguments of vitest.
 * @param {readonly string[]} args
 * @returns {{ engines: readonly EngineUnderTest[], unknown: readonly string[], rest: readonly string[] }}
 */
export function chooseEngines(args) {
  const named = args.filter((arg) => arg.startsWith('--engine=')).map((arg) => arg.slice('--engine='.length));
  const engines = ENGINES.filter(({ name }) => named.length === 0 || named.includes(name));
  const unknown = named.filter((name) => !ENGINES.some((engine) => engine.name === name));
  return { engines, unknown, rest: args.filter((arg) => !arg.startsWith('--engine=')) };
}

/**
 * @param {string} socket
 * @param {string} controlGroup
 * @returns {string[]}
 */
function dockerCommand(socket, controlGroup) {
  const driver = ['--storage-driver', 'overlay2', '--exec-opt', 'native.cgroupdriver=cgroupfs'];
  // At the default place of its own root, too: there a container that README starts has it mounted.
  const hosts = ['--host', `unix://${socket}`, '--host', `unix://${DEFAULT_SOCKET}`];
  return ['dockerd', ...hosts, '--cgroup-parent', `/${controlGroup}`, ...driver];
}

/**
 * @param {string} socket
 * @returns {string[]}
 */
function podmanCommand(socket) {
  return ['bash', SERVE_PODMAN, socket, DEFAULT_SOCKET];
}
