import { expect, test } from 'vitest';
import { needsComposes, needsEngine } from '../../../setup/test-selection.js';

test('only the unit tier does without an engine', () => {
  expect(needsEngine(['--project', 'unit'])).toBe(false);
  expect(needsEngine(['--project=unit', 'atom'])).toBe(false);
  expect(needsEngine([])).toBe(true);
  expect(needsEngine(['--project', 'unit', '--project', 'e2e'])).toBe(true);
});

test.each([
  [],
  ['compose'],
  ['test/e2e/compose.test.ts'],
  ['./test/e2e/compose.test.ts:70'],
  ['--project', 'e2e'],
  ['--project=integration', '--project=e2e'],
  ['--exclude', 'test/e2e/start.test.ts'],
  ['-t', 'chaining'],
  ['--run', 'compose', 'chaining'],
])('the tests of compose.yaml may be among those of %s', (...args) => {
  expect(needsComposes(args)).toBe(true);
});

test.each([
  ['--project', 'unit'],
  ['--project=integration'],
  ['test/e2e/chaining.test.ts'],
  ['--project', 'e2e', 'chaining', 'volumes'],
  ['-t', 'something', 'chaining'],
])('the tests of compose.yaml are not among those of %s', (...args) => {
  expect(needsComposes(args)).toBe(false);
});
