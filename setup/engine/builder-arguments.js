import { resolve } from 'node:path';
import { DEFAULT_SOCKET, isLoopback } from './endpoint.js';
import { Failure } from '../failure.js';
import { MINISTAGE } from '../images/images.js';

/** @typedef {import('./endpoint.js').Endpoint} Endpoint */

/** @typedef {{ columns: number, rows?: number }} Terminal */

/**
 * The circumstances of a call of `npm start`.
 * @typedef {object} Caller
 * @property {NodeJS.ProcessEnv} env
 * @property {string} directory the base of relative paths
 * @property {Terminal | undefined} terminal the terminal of standard error, if progress is drawn there
 * @property {(path: string) => boolean} isFile
 */

/** Options that the program answers without a container. */
const ANSWERED_HERE = ['--help', '-h', '--version'];
/** Options whose value may be a path of the host, which has to be absolute for the engine. */
const HOST_PATHS = ['--tree', '--log-dir'];
/** The variables that name proxies; the builder passes them on to syncs and fetches. */
const PROXIES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy', 'rsync_proxy'];
const MAKE_CONF = '--make-conf';
/** The builder's exit status for wrong arguments. */
const USAGE = 2;

/**
 * Whether the program answers the arguments immediately, without an engine.
 * @param {readonly string[]} args
 */
export function isAnsweredHere(args) {
  return args.length === 0 || optionsOf(args).some((arg) => ANSWERED_HERE.includes(arg));
}

/**
 * The arguments of `docker run` that run the builder as a user would.
 * @param {readonly string[]} args the builder's arguments
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
  options.push(...describeCaller(caller));
  if (terminal !== undefined && !hasOption(args, '--progress')) added.push('--progress', 'live');
  const rewritten = rewritePaths(args, caller);
  options.push(...rewritten.mounts.flatMap((mount) => ['--mount', mount]));
  // With an init, a signal ends the program even before the program listens for it. As process 1, the program would ignore it.
  return ['--rm', '--init', ...options, 'gentoo-builder', ...added, ...rewritten.args];
}

/**
 * The terminal of standard error, if the programs draw their progress there (as src/report/choose-report.ts decides): a container has no
 * terminal of its own.
 * @param {{ isTTY?: boolean, columns?: number, rows?: number }} stream
 * @param {NodeJS.ProcessEnv} env
 * @returns {Terminal | undefined}
 */
export function liveTerminal({ isTTY, columns = 0, rows = 0 }, env) {
  const inCi = !['', 'false', '0'].includes(env['CI'] ?? '');
  return isTTY === true && env['TERM'] !== 'dumb' && !inCi ? { columns, rows } : undefined;
}

/**
 * The options that tell a container about the caller's terminal and proxies.
 * @param {Pick<Caller, 'env' | 'terminal'>} caller
 */
export function describeCaller({ env, terminal }) {
  const names = ['NO_COLOR', ...PROXIES.flatMap((lower) => [lower, lower.toUpperCase()])].filter((name) => env[name]);
  const options = [...(terminal === undefined ? [] : ['TERM']), ...names];
  // A terminal of unknown size has 0 columns and rows.
  const { columns = 0, rows = 0 } = terminal ?? {};
  if (columns > 0) options.push(`COLUMNS=${columns}`);
  if (rows > 0) options.push(`LINES=${rows}`);
  return options.flatMap((value) => ['--env', value]);
}

/**
 * The options that let a container reach its own engine.
 * @param {Endpoint} engine
 */
export function reachEngine(engine) {
  if (engine.socket !== undefined) return ['--volume', `${engine.socket}:${DEFAULT_SOCKET}`];
  // In a container with its own network, a loopback address means the container.
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
    if (!isFile(path)) {
      const hint = 'the option takes the path of a file on this machine: --make-conf FILE';
      throw new Failure('read the make.conf', `there is no file ${path}`, { hint, status: USAGE });
    }
    // At the same path, so that a message of the builder names the user's file.
    mounts.push(`type=bind,${quoteField(`source=${path}`)},${quoteField(`target=${path}`)},readonly`);
    return path;
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
export function quoteField(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * @param {readonly string[]} args
 * @param {string} name
 */
export function hasOption(args, name) {
  return optionsOf(args).some((arg) => arg === name || arg.startsWith(`${name}=`));
}

/**
 * The arguments before `--`; all arguments after it are packages.
 * @param {readonly string[]} args
 */
function optionsOf(args) {
  const end = args.indexOf('--');
  return end === -1 ? args : args.slice(0, end);
}
