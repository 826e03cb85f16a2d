import { join, relative, resolve } from 'node:path';
import { PROJECT } from './places.js';

/** The tests of compose.yaml: the only tests that need the compose programs. */
const COMPOSE_TESTS = 'test/e2e/compose.test.ts';

/** Options that vitest answers without running a test. */
const ANSWERED = ['--help', '-h', '--version', '-v', '--clearCache', '--clear-cache', '--listTags', '--list-tags'];
/** The tiers of vitest.config.ts. */
const TIERS = ['unit', 'integration', 'e2e'];
const UNIT = 'test/unit';
/** Options of vitest whose next word is their value, and never the name of a file. */
const VALUED = ['--project', '--dir', '-t', '--testNamePattern', '--test-name-pattern', '--reporter'];

/**
 * Whether a test that vitest's arguments select may need an engine: every tier but unit does. A word behind an option may be
 * the option's value or a file name; for this question, it is a file name.
 * @param {readonly string[]} args
 */
export function needsEngine(args) {
  if (args.some((arg) => ANSWERED.includes(arg))) return false;
  const tiers = selectedTiers(args);
  if (tiers.length > 0 && tiers.every((name) => name === 'unit')) return false;
  if (valuesOf('--dir', args).some(isBelowUnit)) return false;
  const files = args.filter((arg, n) => !arg.startsWith('-') && !VALUED.includes(args[n - 1] ?? ''));
  return files.length === 0 || !files.every(isBelowUnit);
}

/**
 * The arguments of vitest that run the tests once. With `run`, vitest does not answer `--version` but runs all tests.
 * @param {readonly string[]} args
 * @returns {readonly string[]}
 */
export function runOnce(args) {
  return args.some((arg) => arg === '--version' || arg === '-v') ? ['--version'] : ['run', ...args];
}

/**
 * Whether vitest's arguments may select the tests of compose.yaml. A word behind an option may be the option's value or a
 * file name: it can select these tests, but it cannot exclude them.
 * @param {readonly string[]} args
 */
export function needsComposes(args) {
  if (!selectedTiers(args).includes('e2e')) return false;
  const words = args
    .map((arg, n) => ({ arg, previous: args[n - 1] ?? '' }))
    .filter(({ arg, previous }) => !arg.startsWith('-') && previous !== '--project');
  const names = words.filter(({ previous }) => !previous.startsWith('-') || previous.includes('='));
  return names.length === 0 || words.some(({ arg }) => isPartOf(arg, COMPOSE_TESTS));
}

/**
 * The tiers that `--project` selects, which knows `*` and, for an exclusion, `!`. A name that is no tier is one of another
 * configuration of vitest.
 * @param {readonly string[]} args
 */
function selectedTiers(args) {
  const patterns = valuesOf('--project', args);
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const names = [...TIERS, ...wanted.filter((pattern) => !pattern.includes('*') && !TIERS.includes(pattern))];
  return names.filter(
    (name) =>
      !excluded.some((pattern) => matches(pattern, name)) &&
      (wanted.length === 0 || wanted.some((pattern) => matches(pattern, name))),
  );
}

/**
 * @param {string} pattern
 * @param {string} name
 */
function matches(pattern, name) {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(name);
}

/**
 * @param {string} option
 * @param {readonly string[]} args
 */
function valuesOf(option, args) {
  return args.flatMap((arg, n) => {
    if (arg.startsWith(`${option}=`)) return [arg.slice(option.length + 1)];
    return args[n - 1] === option ? [arg] : [];
  });
}

/**
 * Whether vitest finds nothing but unit tests by a name or in a directory.
 * @param {string} name
 */
function isBelowUnit(name) {
  const path = relative(PROJECT, resolve(PROJECT, name));
  return path === UNIT || path.startsWith(`${UNIT}/`);
}

/**
 * Whether vitest takes a name for this file: a part of its path, with or without a line number.
 * @param {string} name
 * @param {string} path
 */
function isPartOf(name, path) {
  return join(PROJECT, path).includes(name.replace(/^\.\//, '').replace(/:\d+$/, ''));
}
