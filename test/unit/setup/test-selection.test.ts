import { expect, test } from 'vitest';
import { needsComposes, needsEngine, runOnce } from '../../../setup/test-selection.js';

test('only the unit tier needs no engine', () => {
  expect(needsEngine(['--project', 'unit'])).toBe(false);
  expect(needsEngine(['--project=unit', 'atom'])).toBe(false);
  expect(needsEngine([])).toBe(true);
  expect(needsEngine(['--project', 'unit', '--project', 'e2e'])).toBe(true);
});

test.each([
  ['test/unit/report'],
  ['./test/unit/atom.test.ts:12', 'test/unit'],
  [`${process.cwd()}/test/unit/report`],
  ['-t', 'a name', 'test/unit/report'],
  ['--dir', 'test/unit'],
  ['--dir=test/unit/'],
  ['--project=u*'],
  ['--project=!integration', '--project', '!e*'],
])('%j selects unit tests alone, and needs no engine', (...args) => {
  expect(needsEngine(args)).toBe(false);
});

test.each([
  ['test/unit/report', 'test/e2e/start.test.ts'],
  ['unit'],
  ['test/united'],
  ['test/unit/../e2e'],
  ['--run', 'e2e'],
  ['-t', 'test/unit'],
  ['--dir=test'],
  ['--project=*'],
  ['--project=u*', '--project=e*'],
  ['--project=!unit'],
  ['--config=test/sites/vitest.config.ts', '--project=sites'],
])('%j may select other tests, and needs an engine', (...args) => {
  expect(needsEngine(args)).toBe(true);
});

test.each(['--help', '-h', '--version', '-v', '--clearCache', '--clear-cache', '--listTags'])(
  'case 6.3: %s is answered without an engine',
  (option) => {
    expect(needsEngine([option])).toBe(false);
  },
);

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

test('case 6.3: --version runs no tests', () => {
  for (const version of ['--version', '-v']) expect(runOnce([version, '--project', 'unit'])).toEqual(['--version']);
  expect(runOnce(['-t', 'a name'])).toEqual(['run', '-t', 'a name']);
});
