import { describe, expect, test } from 'vitest';
import { describeSuggestions, findBranchFile } from '../../../src/plan/branch-file.ts';
import { explainTupleRefusal } from '../../../src/plan/explain-tuple-refusal.ts';
import { parsePretendOutput } from '../../../src/portage/output/pretend-output.ts';
import { readTranscript } from '../portage/transcript.ts';
import { branch, commits, tupleOf } from './sites.ts';

const entriesOf = (...paths: string[]) =>
  branch(
    'base',
    commits[0],
    Object.fromEntries(paths.map((path) => [path.replace(/->$/, ''), path.endsWith('->') ? '->x' : 'x'])),
  ).entries;

test.each<[string, string[], string]>([
  ['package.use', [], 'package.use (new)'],
  ['package.use', ['package.use'], 'package.use'],
  ['package.use', ['package.user'], 'package.use (new)'],
  ['package.use', ['package.use/b', 'package.use/a', 'package.use/.c', 'package.use/d~'], 'package.use/b'],
  ['package.use', ['package.use/a/z', 'package.use/a-b', 'package.use/a/b/c'], 'package.use/a-b'],
  ['package.use', ['package.use/a/z', 'package.use/a/b/c', 'package.use/.git/x'], 'package.use/a/z'],
  ['package.use', ['package.use/.keep'], 'package.use/zz-zentoo (new)'],
  ['package.use', ['package.use/a', 'package.use/RCS/z', 'package.use/b/SCCS'], 'package.use/b/SCCS'],
  ['package.use', ['package.use->', 'x/a', 'x/b/c'], 'package.use/b/c'],
  ['package.use', ['package.use/a', 'package.use/b->'], 'package.use/a'],
  ['package.accept_keywords', ['package.keywords/a'], 'package.keywords/a'],
  ['package.accept_keywords', ['package.keywords', 'package.accept_keywords'], 'package.accept_keywords'],
  ['package.accept_keywords', [], 'package.accept_keywords (new)'],
])('%s among %j: %s', (name, paths, expected) => {
  const { path, exists } = findBranchFile(name, entriesOf(...paths));
  expect(`${path}${exists ? '' : ' (new)'}`).toBe(expected);
});

describe('the lines that emerge proposes', () => {
  const base = { name: 'base', entries: entriesOf('package.use/greet') };

  test('is shown with the files of the branch', () => {
    const { suggestions } = parsePretendOutput(readTranscript('../pretend/wants-all-autounmask').lines);
    expect(describeSuggestions([...suggestions, ...suggestions], base)?.split('\n')).toEqual([
      'if you want this, write into the branch base of config/portage, and commit:',
      '  package.accept_keywords (new)',
      '    =test-lab/needs-key-1 ~amd64',
      '      # for test-lab/wants-all-1::lab',
      '  package.unmask (new)',
      '    =test-lab/masked-1',
      '      # for test-lab/wants-all-1::lab',
      '  package.use/greet',
      '    >=dev-libs/greeting-2.0 shout',
      '      # for test-lab/needs-key-1::lab',
    ]);
    expect(describeSuggestions([], base)).toBeUndefined();
  });

  test.each([
    ['wants-all-autounmask', 'package-unsatisfiable', '    >=dev-libs/greeting-2.0 shout'],
    ['licence', 'package-unsatisfiable', '    >=test-lab/needs-licence-1 lab-eula'],
    [
      '../fixtures/licence-masked',
      'package-unsatisfiable',
      '  package.license (new)\n    =app-faulty/licence-1 my-eula',
    ],
    ['parted', 'package-unsatisfiable', '    =test-lab/needs-key-1 ~amd64'],
    ['blocked-hard', 'package-unsatisfiable', 'put the packages into different sets'],
    ['unknown', 'package-unknown', 'app-misc/'],
  ])('%s', (name, code, part) => {
    const failure = explainTupleRefusal(tupleOf(), readTranscript(`../pretend/${name}`));
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(/^x86-64-base-plain-tools: failed to emerge /);
    expect(`${failure.hint}\n${failure.message}`).toContain(part);
  });
});
