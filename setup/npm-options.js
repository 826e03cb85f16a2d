import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.js';
import { PROJECT } from './places.js';

/** The builder's options with a value. */
const WITH_VALUE = [
  ...['base', 'tree', 'sync-max-age', 'use', 'jobs', 'make-conf', 'log-dir', 'log-format', 'progress', 'timeout'],
  ...['silence-timeout', 'min-free', 'tmpfs', 'emerge-option', 'tag'],
];
/** The builder's options without a value. */
const FLAGS = ['create-tree', 'keep-failed', 'dry-run', 'rebuild', 'json', 'sync', 'binpkgs'];
/** Options that npm, or node-gyp by npm's configuration, has too: a user may have set them for npm. */
const OF_NPM = ['tag', 'json', 'dry-run', 'progress', 'jobs', 'timeout', 'tree'];
/** The builder's exit status for wrong arguments. */
const USAGE = 2;

/**
 * Refuses a call `npm start ARGS` with options of the builder and no `--` before them. npm takes such options for its own: their values
 * become packages, or they are lost. npm passes its configuration on in variables such as `npm_config_tag`.
 * @param {readonly string[]} args the arguments that npm left
 * @param {NodeJS.ProcessEnv} env
 * @param {(path: string) => string} [readText] reads a file; empty if there is none
 */
export function refuseTakenOptions(args, env, readText = readIfPresent) {
  // The launchers take the variable INIT_CWD away, which npm sets.
  if (env['npm_lifecycle_event'] !== 'start' || env['INIT_CWD'] === undefined) return;
  const taken = [...WITH_VALUE, ...FLAGS].filter(
    (name) => env[variableOf(name)] !== undefined && !(OF_NPM.includes(name) && isConfigured(name, env, readText)),
  );
  if (taken.length === 0) return;
  const options = taken.flatMap((name) => writeOption(name, env[variableOf(name)] ?? ''));
  const whole = options.every((option) => option !== undefined) ? [...args, ...options] : ['ARGUMENTS'];
  throw new Failure(
    'read the command line',
    `npm took ${taken.map((name) => `--${name}`).join(', ')} as options for npm`,
    {
      hint: `write -- before all arguments: npm start -- ${whole.map(quoteWord).join(' ')}`,
      status: USAGE,
    },
  );
}

/** @param {string} name */
function variableOf(name) {
  return `npm_config_${name.replaceAll('-', '_')}`;
}

/**
 * Whether npm has an option from a file or from the environment that npm was started in, and not from its command line.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @param {(path: string) => string} readText
 */
function isConfigured(name, env, readText) {
  const files = [env['npm_config_userconfig'], env['npm_config_globalconfig'], join(PROJECT, '.npmrc')];
  const line = new RegExp(String.raw`^\s*${name}\s*=`, 'm');
  if (files.some((file) => file !== undefined && line.test(readText(file)))) return true;
  // npm is the parent, because its script is `exec node`.
  const variables = readText(`/proc/${process.ppid}/environ`).toLowerCase().split('\0');
  return variables.some((variable) => variable.replaceAll('-', '_').startsWith(`${variableOf(name)}=`));
}

/**
 * The words of an option that npm took; undefined if npm took its value for another argument. npm joins several values by empty lines.
 * @param {string} name
 * @param {string} value
 * @returns {(string | undefined)[]}
 */
function writeOption(name, value) {
  if (value === '') return [`--no-${name}`];
  if (FLAGS.includes(name)) return [`--${name}`];
  return value === 'true' ? [undefined] : value.split('\n\n').map((one) => `--${name}=${one}`);
}

/** @param {string | undefined} word */
function quoteWord(word = '') {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** @param {string} path */
function readIfPresent(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
