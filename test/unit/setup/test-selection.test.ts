import { expect, test } from 'vitest';
import { needsComposes, needsEngine } from '../../../setup/test-selection.js';

test('only the unit tier needs no engine', () => {
  expect(needsEngine(['--project', 'unit'])).toBe(false);
  expect(needsEngine(['--project=unit', 'atom'])).toBe(false);
  expect(needsEngine([])).toBe(true);
  expect(needsEngine(['--project', 'unit', '--project', 'e2e'])).toBe(true);
});

test.each(['--help', '-h', '--version', '-v'])('case 6.3: %s is answered without an engine', (option) => {
  expect(needsEngine([option])).toBe(false);
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
])('%s may select the tests of compose.yaml', (...args) => {
  expect(needsComposes(args)).toBe(true);
});

test.each([
  ['--project', 'unit'],
  ['--project=integration'],
  ['test/e2e/chaining.test.ts'],
  ['--project', 'e2e', 'chaining', 'volumes'],
  ['-t', 'something', 'chaining'],
])('%s cannot select the tests of compose.yaml', (...args) => {
  expect(needsComposes(args)).toBe(false);
});
