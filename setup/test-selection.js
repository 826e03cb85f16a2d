import { join } from 'node:path';
import { PROJECT } from './places.js';

/** The tests of compose.yaml, which need what no others do. */
const COMPOSE_TESTS = 'test/e2e/compose.test.ts';

/**
 * Whether the tests that vitest's arguments select may need an engine: all but those of the unit tier do.
 * @param {readonly string[]} args
 */
export function needsEngine(args) {
  const projects = selectedProjects(args);
  return projects.length === 0 || projects.some((name) => name !== 'unit');
}

/**
 * Whether vitest's arguments may select the tests of compose.yaml. What follows an option may be its value or the name of
 * a file: it can select them, but not leave them out.
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
 * As vitest sees it: a part of the path, which may have a line number.
 * @param {string} name
 * @param {string} path
 */
function isPartOf(name, path) {
  return join(PROJECT, path).includes(name.replace(/^\.\//, '').replace(/:\d+$/, ''));
}
