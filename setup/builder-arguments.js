import { resolve } from 'node:path';
import { DEFAULT_SOCKET, isLoopback } from './endpoint.js';
import { MINISTAGE } from './images.js';

/** @typedef {import('./endpoint.js').Endpoint} Endpoint */

/**
 * Where and how `npm start` was called.
 * @typedef {object} Caller
 * @property {NodeJS.ProcessEnv} env
 * @property {string} directory the one its relative paths start from
 * @property {{ columns: number } | undefined} terminal that standard error goes to
 * @property {(path: string) => boolean} isFile
 */

/** Options that are answered without a container. */
const ANSWERED_HERE = ['--help', '-h', '--version'];
/** Options whose value may be a path of the host, which the engine wants absolute. */
const HOST_PATHS = ['--tree', '--log-dir'];
const MAKE_CONF = '--make-conf';
const MAKE_CONF_INSIDE = '/etc/gentoo-builder/make.conf';

/**
 * Whether the program itself answers these arguments at once, without an engine.
 * @param {readonly string[]} args
 */
export function isAnsweredHere(args) {
  return args.length === 0 || optionsOf(args).some((arg) => ANSWERED_HERE.includes(arg));
}

/**
 * The arguments of `docker run` that run the builder as a user would.
 * @param {readonly string[]} args those of the builder
 * @param {Endpoint} engine
 * @param {Caller} caller
 * @returns {string[]}
 */
export function builderCommand(args, engine, caller) {
  const { env, terminal } = caller;
  const options = [...reachEngine(engine)];
  /** @type {string[]} */
  const added = [];
  if (!hasOption(args, '--base')) {
    if (env['GENTOO_BASE']) options.push('--env', 'GENTOO_BASE');
    else added.push('--base', MINISTAGE);
  }
  if (terminal !== undefined) {
    options.push('--env', 'TERM');
    // A terminal that does not say how wide it is has 0 columns.
    if (terminal.columns > 0) options.push('--env', `COLUMNS=${terminal.columns}`);
    if (!hasOption(args, '--progress')) added.push('--progress', 'live');
  }
  if (env['NO_COLOR']) options.push('--env', 'NO_COLOR');
  const rewritten = rewritePaths(args, caller);
  options.push(...rewritten.mounts.flatMap((mount) => ['--mount', mount]));
  // Under an init a signal that comes before the program listens for it ends it, as anywhere else.
  return ['--rm', '--init', ...options, 'gentoo-builder', ...added, ...rewritten.args];
}

/**
 * How a container gets to the engine that runs it.
 * @param {Endpoint} engine
 */
function reachEngine(engine) {
  if (engine.socket !== undefined) return ['--volume', `${engine.socket}:${DEFAULT_SOCKET}`];
  // An address of this machine alone means another place inside a container with a network of its own.
  return ['--env', `DOCKER_HOST=${engine.url}`, ...(isLoopback(engine) ? ['--network', 'host'] : [])];
}

/**
 * Makes paths of the host absolute, and puts the file for make.conf where the builder can read it.
 * @param {readonly string[]} args
 * @param {Caller} caller
 * @returns {{ args: string[], mounts: string[] }}
 */
function rewritePaths(args, { directory, isFile }) {
  /** @type {string[]} */
  const mounts = [];
  const rewrite = (/** @type {string} */ option, /** @type {string} */ value) => {
    if (HOST_PATHS.includes(option)) return /^\.{1,2}(\/|$)/.test(value) ? resolve(directory, value) : value;
    const path = resolve(directory, value);
    // The builder says of a file that is not there that it is not there.
    if (!isFile(path)) return value;
    mounts.push(`type=bind,${quoteField(`source=${path}`)},target=${MAKE_CONF_INSIDE},readonly`);
    return MAKE_CONF_INSIDE;
  };
  const known = [...HOST_PATHS, MAKE_CONF];
  const count = optionsOf(args).length;
  const rewritten = args.map((arg, n) => {
    const before = args[n - 1];
    if (n > count) return arg;
    if (before !== undefined && known.includes(before)) return rewrite(before, arg);
    const option = known.find((name) => arg.startsWith(`${name}=`));
    return option === undefined || n === count ? arg : `${option}=${rewrite(option, arg.slice(option.length + 1))}`;
  });
  return { args: rewritten, mounts };
}

/**
 * A field of a `--mount` value, which is one line of CSV.
 * @param {string} text
 */
function quoteField(text) {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * @param {readonly string[]} args
 * @param {string} name
 */
function hasOption(args, name) {
  return optionsOf(args).some((arg) => arg === name || arg.startsWith(`${name}=`));
}

/**
 * What stands before a `--`, after which all are packages.
 * @param {readonly string[]} args
 */
function optionsOf(args) {
  const end = args.indexOf('--');
  return end === -1 ? args : args.slice(0, end);
}
