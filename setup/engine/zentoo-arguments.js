import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describeCaller, hasOption, quoteField, reachEngine } from './builder-arguments.js';
import { siteDirectory } from '../images/ministage-of-site.js';

/** @typedef {import('./builder-arguments.js').Caller} Caller */

/** `swarm:` in site.yaml, but for `swarm: false`: `true`, or a mapping in one line or in several. */
const USES_SWARM = /^swarm:[ \t]*(?:true\b|\{|(?:#.*)?\n[ \t]+[a-z])/m;

/**
 * Whether zentoo, called with these arguments, uses the nodes of a swarm, which only a container of the engine reaches.
 * @param {readonly string[]} args
 * @param {Pick<Caller, 'env' | 'directory'>} caller
 * @returns {boolean}
 */
export function needsContainer(args, caller) {
  if (args.includes('--help') || args.includes('-h')) return false;
  if (args.includes('swarm')) return true;
  if (!args.includes('build')) return false;
  if (args.includes('--swarm')) return true;
  try {
    return USES_SWARM.test(readFileSync(join(siteDirectory(args, caller), 'site.yaml'), 'utf8'));
  } catch {
    // zentoo itself reports the faults of its site.
    return false;
  }
}

/**
 * The arguments of `docker run` that run zentoo in its image as on this host: with the same site at the same path.
 * @param {readonly string[]} args zentoo's arguments
 * @param {import('./endpoint.js').Endpoint} engine
 * @param {Pick<Caller, 'env' | 'directory' | 'terminal'>} caller
 * @returns {string[]}
 */
export function zentooCommand(args, engine, caller) {
  const { env, directory, terminal } = caller;
  const options = [...reachEngine(engine), ...describeCaller(caller)];
  if (env['ZENTOO_SITE']) options.push('--env', 'ZENTOO_SITE');
  const paths = new Set([topOf(siteDirectory(args, caller))]);
  const output = valueOf(args, '--output-dir');
  if (output !== undefined) {
    const path = resolve(directory, output);
    mkdirSync(path, { recursive: true });
    paths.add(path);
  }
  for (const path of paths) {
    const mount = `type=bind,${quoteField(`source=${path}`)},${quoteField(`target=${path}`)}`;
    options.push('--mount', mount);
  }
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
 * The git work tree that a site is in, so that the commit of the site is found; the site itself if it is in none.
 * @param {string} site
 */
function topOf(site) {
  for (let path = site; path !== dirname(path); path = dirname(path)) if (existsSync(join(path, '.git'))) return path;
  return site;
}

/**
 * @param {readonly string[]} args
 * @param {string} option
 */
function valueOf(args, option) {
  const joined = args.find((arg) => arg.startsWith(`${option}=`))?.slice(option.length + 1);
  return joined ?? (args.includes(option) ? args[args.indexOf(option) + 1] : undefined);
}
