import { describe, expect, test } from 'vitest';
import { describeSuggestions, findBranchFile } from '../../../src/plan/branch-file.ts';
import { explainRefusal } from '../../../src/plan/explain-refusal.ts';
import { parsePretendOutput } from '../../../src/portage/pretend-output.ts';
import { readTranscript } from '../portage/transcript.ts';
import { branch, commits, tupleOf } from './sites.ts';

const entriesOf = (...paths: string[]) =>
  branch('base', commits[0], Object.fromEntries(paths.map((path) => [path, path.endsWith('->') ? '->x' : 'x'])))
    .entries;

test.each<[string, string[], string]>([
  ['package.use', [], 'package.use (new)'],
  ['package.use', ['package.use'], 'package.use'],
  ['package.use', ['package.user'], 'package.use (new)'],
  ['package.use', ['package.use/b', 'package.use/a', 'package.use/.c', 'package.use/d~'], 'package.use/b'],
  ['package.use', ['package.use/a/z', 'package.use/a-b', 'package.use/a/b/c'], 'package.use/a-b'],
  ['package.use', ['package.use/a/z', 'package.use/a/b/c', 'package.use/.git/x'], 'package.use/a/z'],
  ['package.use', ['package.use/.keep'], 'package.use/zz-zentoo (new)'],
  ['package.accept_keywords', ['package.keywords/a'], 'package.keywords/a'],
  ['package.accept_keywords', ['package.keywords', 'package.accept_keywords'], 'package.accept_keywords'],
  ['package.accept_keywords', [], 'package.accept_keywords (new)'],
])('%s among %j: %s', (name, paths, expected) => {
  const { path, exists } = findBranchFile(name, entriesOf(...paths));
  expect(`${path}${exists ? '' : ' (new)'}`).toBe(expected);
});

describe('what emerge proposes', () => {
  const base = { repository: 'config/portage', name: 'base', entries: entriesOf('package.use/greet') };

  test('is shown with the files of the branch', () => {
    const { suggestions } = parsePretendOutput(readTranscript('../pretend/wants-all-autounmask').lines);
    expect(describeSuggestions([...suggestions, ...suggestions], base)?.split('\n')).toEqual([
      'if that is what you want, write into the branch base of config/portage, and commit:',
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
    ['parted', 'package-unsatisfiable', '    =test-lab/needs-key-1 ~amd64'],
    ['blocked-hard', 'package-unsatisfiable', 'build them in different images'],
    ['unknown', 'package-unknown', 'app-misc/'],
  ])('%s', (name, code, part) => {
    const failure = explainRefusal(tupleOf(), readTranscript(`../pretend/${name}`), { repository: 'config/portage' });
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(/^x86-64-base-plain-tools: failed to emerge /);
    expect(`${failure.hint}\n${failure.message}`).toContain(part);
  });

  test('never speaks of options that zentoo does not have', () => {
    for (const name of ['wants-all-autounmask', 'licence', 'parted', 'blocked-hard', 'slot-conflict', 'unknown']) {
      const { hint } = explainRefusal(tupleOf(), readTranscript(`../pretend/${name}`), {
        repository: 'config/portage',
      });
      expect(hint ?? '').not.toMatch(/--(?:use|make-conf|emerge-option|no-sync)/);
    }
    const masked = [
      'use-flag-missing',
      'required-use',
      'circular',
      'masked',
      'licence-masked',
      'keyword-masked',
      'unknown-name',
      'unknown-dependency',
    ];
    for (const name of masked) {
      const { hint } = explainRefusal(tupleOf(), readTranscript(name), { repository: 'config/portage' });
      expect(hint ?? '').not.toMatch(/--(?:use|make-conf|emerge-option|no-sync)/);
    }
  });
});
