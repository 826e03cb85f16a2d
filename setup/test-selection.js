import { join } from 'node:path';
import { PROJECT } from './places.js';

/** The tests of compose.yaml: the only tests that need the compose programs. */
const COMPOSE_TESTS = 'test/e2e/compose.test.ts';

/** Options that vitest answers without running a test. */
const ANSWERED = ['--help', '-h', '--version', '-v'];

/**
 * Whether a test that vitest's arguments select may need an engine: every tier but unit does.
 * @param {readonly string[]} args
 */
export function needsEngine(args) {
  if (args.some((arg) => ANSWERED.includes(arg))) return false;
  const projects = selectedProjects(args);
  return projects.length === 0 || projects.some((name) => name !== 'unit');
}

/**
 * Whether vitest's arguments may select the tests of compose.yaml. A word behind an option may be the option's value or a
 * file name: it can select these tests, but it cannot exclude them.
 * @param {readonly string[]} args
 */
export function needsComposes(args) {
  const projects = selectedProjects(args);
  if (projects.length > 0 && !projects.includes('e2e')) return false;
  const words = args
    .map((arg, n) => ({ arg, previous: args[n - 1] ?? '' }))
    .filter(({ arg, previous }) => !arg.startsWith('-') && previous !== '--project');
  const names = words.filter(({ previous }) => !previous.startsWith('-') || previous.includes('='));
  return names.length === 0 || words.some(({ arg }) => isPartOf(arg, COMPOSE_TESTS));
}

/** @param {readonly string[]} args */
function selectedProjects(args) {
  return args.flatMap((arg, n) => {
    if (arg.startsWith('--project=')) return [arg.slice('--project='.length)];
    return args[n - 1] === '--project' ? [arg] : [];
  });
}

/**
 * Whether vitest takes a name for this file: a part of its path, with or without a line number.
 * @param {string} name
 * @param {string} path
 */
function isPartOf(name, path) {
  return join(PROJECT, path).includes(name.replace(/^\.\//, '').replace(/:\d+$/, ''));
}
