import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import minimist from 'minimist';
import { parse } from 'yaml';

/**
 * The parts of a call of zentoo that decide where and how it is started.
 * @typedef {object} ZentooCall
 * @property {boolean} usesSwarm whether it uses the nodes of a swarm, which only a container of the engine reaches
 * @property {string} site the directory of the site
 * @property {string | undefined} outputDirectory
 * @property {readonly string[]} endpoints the further engines of a build, in `engines:` of site.yaml and in `--engine`
 */

/** The options with a value, and those without, of all commands. */
export const VALUED = [
  ...['site', 'log-format', 'progress', 'jobs', 'output', 'output-dir', 'engine', 'retry'],
  ...['cpu', 'portage', 'buildhooks', 'keep', 'from', 'graph', 'count', 'idle'],
];
export const FLAGS = ['json', 'help', 'version', 'swarm', 'keep-failed', 'force', 'dry-run', 'new-id'];

/**
 * Reads zentoo's arguments as src/cli/parse-arguments.ts does, and the site's site.yaml. zentoo itself reports their faults: a call
 * with one uses no swarm.
 * @param {readonly string[]} args
 * @param {{ env: NodeJS.ProcessEnv, directory: string }} caller `directory` is the base of relative paths
 * @returns {ZentooCall}
 */
export function readZentooCall(args, { env, directory }) {
  const hasValue = (/** @type {number} */ n) => args[n] !== '--retry' || /^[^-].*\//.test(args[n + 1] ?? '');
  const given = minimist(
    args.filter((_, n) => hasValue(n)),
    { string: ['_', ...VALUED], boolean: [...FLAGS, 'h'] },
  );
  const values = (/** @type {string} */ name) => [given[name] ?? []].flat().filter((value) => value !== '');
  const site = resolve(directory, values('site')[0] ?? (env['ZENTOO_SITE'] || '.'));
  const [output] = values('output-dir');
  const settings = readSettings(site);
  const [command] = given._;
  const engines = Array.isArray(settings?.engines) ? settings.engines.map(String) : [];
  const isBuild = command === 'build';
  const isAsked = command === 'swarm' || (isBuild && (given['swarm'] === true || isOn(settings?.swarm)));
  return {
    usesSwarm: isAsked && settings !== undefined && !given['help'] && !given['h'] && !given['version'],
    site,
    outputDirectory: output === undefined ? undefined : resolve(directory, output),
    endpoints: isBuild ? [...engines, ...values('engine')] : [],
  };
}

/** @param {unknown} swarm `true`, or a mapping with settings */
function isOn(swarm) {
  return swarm === true || (typeof swarm === 'object' && swarm !== null);
}

/**
 * @param {string} site
 * @returns {{ swarm?: unknown, engines?: unknown } | undefined} undefined if the file cannot be read
 */
function readSettings(site) {
  try {
    const document = parse(readFileSync(join(site, 'site.yaml'), 'utf8'), { logLevel: 'error' });
    return typeof document === 'object' && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}
