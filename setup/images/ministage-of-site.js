import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MINISTAGE } from './images.js';

/** The commands of zentoo that start from the images of the site's stages. */
const BUILDING = ['sync', 'plan', 'build', 'freshroot'];

/**
 * Whether zentoo, called with these arguments, starts from the ministage, which no registry has: set-up makes it first.
 * @param {readonly string[]} args
 * @param {{ env: NodeJS.ProcessEnv, directory: string }} caller `directory` is the base of relative paths
 * @returns {boolean}
 */
export function needsMinistage(args, { env, directory }) {
  if (!BUILDING.some((command) => args.includes(command)) || args.includes('--help')) return false;
  const path = join(siteDirectory(args, { env, directory }), 'site.yaml');
  try {
    return new RegExp(`^\\s*image: *["']?${MINISTAGE}\\b`, 'm').test(readFileSync(path, 'utf8'));
  } catch {
    // zentoo itself reports the faults of its site.
    return false;
  }
}

/**
 * The directory of the site that zentoo's arguments name.
 * @param {readonly string[]} args
 * @param {{ env: NodeJS.ProcessEnv, directory: string }} caller `directory` is the base of relative paths
 */
function siteDirectory(args, { env, directory }) {
  return resolve(directory, siteOf(args) ?? (env['ZENTOO_SITE'] || '.'));
}

/** @param {readonly string[]} args */
function siteOf(args) {
  const joined = args.find((arg) => arg.startsWith('--site='))?.slice('--site='.length);
  return joined ?? (args.includes('--site') ? args[args.indexOf('--site') + 1] : undefined);
}
