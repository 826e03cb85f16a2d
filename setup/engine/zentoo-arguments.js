import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeCaller, hasOption, quoteField, reachEngine } from './builder-arguments.js';
import { isLoopback } from './endpoint.js';
import { reachFurther } from './further-engines.js';
import { Failure } from '../failure.js';
import { readZentooCall } from './zentoo-call.js';

/** @typedef {import('./builder-arguments.js').Caller} Caller */
/** @typedef {{ uid: number, gid: number, groups: readonly number[] }} User */

/** zentoo's exit status if a directory cannot be used. */
const MOUNT_UNUSABLE = 18;
/** The mode of a socket that the members of its group use. */
const GROUP_ACCESS = 0o060;
/** The parts of a site that may be links to places outside of it: zentoo reads all others from inside alone. */
const LINKED = ['site.yaml', 'site.lock', 'output'];

/**
 * The arguments of `docker run` that run zentoo in its image as on this host: with the same site at the same path, and as the same user.
 * @param {readonly string[]} args zentoo's arguments
 * @param {import('./endpoint.js').Endpoint} engine
 * @param {Pick<Caller, 'env' | 'directory' | 'terminal'> & { user: User | undefined }} caller
 * @returns {string[]}
 * @throws {Failure} if a directory, the engine or a further engine cannot be used from a container
 */
export function zentooCommand(args, engine, caller) {
  const { env, directory, terminal, user } = caller;
  if (isLoopback(engine))
    throw new Failure('use the swarm', `a container reaches either ${engine.url} or the nodes of the swarm`, {
      hint: 'name the socket of the engine: DOCKER_HOST=unix:///var/run/docker.sock',
    });
  const { site, outputDirectory, endpoints } = readZentooCall(args, caller);
  const options = [...reachEngine(engine), ...actAs(user, engine), ...describeCaller(caller)];
  if (env['ZENTOO_SITE']) options.push('--env', 'ZENTOO_SITE');
  // zentoo reads nothing outside of the site, not even the git repository that a site may lie in.
  const paths = new Set([site]);
  if (outputDirectory !== undefined) paths.add(makeDirectory(outputDirectory));
  for (const name of LINKED) {
    const path = join(site, name);
    if (existsSync(path) && !isBelow(realpathSync(path), realpathSync(site))) paths.add(realpathSync(path));
  }
  // zentoo knows a site without an id by its real path on the host.
  for (const path of paths) options.push('--mount', mountOf(realpathSync(path), path));
  options.push(...reachFurther(endpoints, env));
  const added = terminal !== undefined && !hasOption(args, '--progress') ? ['--progress', 'live'] : [];
  // With an init, a signal ends the program even before the program listens for it.
  return [
    '--rm',
    '--init',
    ...options,
    '--workdir',
    directory,
    '--entrypoint',
    'zentoo',
    'gentoo-builder',
    ...added,
    ...args,
  ];
}

/**
 * The options that give files the owner that they would have without a container. Root in the container of a rootless engine is the
 * caller already.
 * @param {User | undefined} user undefined for root
 * @param {import('./endpoint.js').Endpoint} engine
 */
function actAs(user, { socket }) {
  const owner = socket === undefined ? undefined : statSync(socket, { throwIfNoEntry: false });
  const isShared = owner?.uid === 0 && (owner.mode & GROUP_ACCESS) === GROUP_ACCESS;
  if (user === undefined || !isShared || !user.groups.includes(owner.gid)) return [];
  return ['--user', `${user.uid}:${user.gid}`, '--group-add', String(owner.gid)];
}

/**
 * @param {string} source
 * @param {string} target
 */
function mountOf(source, target) {
  return `type=bind,${quoteField(`source=${source}`)},${quoteField(`target=${target}`)}`;
}

/** @param {string} path */
function makeDirectory(path) {
  try {
    mkdirSync(path, { recursive: true });
    return path;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = 'choose another directory with --output-dir';
    throw new Failure('write the archives', why, { hint, status: MOUNT_UNUSABLE });
  }
}

/**
 * @param {string} path
 * @param {string} top
 */
function isBelow(path, top) {
  return path === top || path.startsWith(`${top}/`);
}
