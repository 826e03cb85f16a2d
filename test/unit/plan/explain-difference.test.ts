import { describe, expect, test } from 'vitest';
import { explainDifference, readInputsLabel, writeInputsLabel } from '../../../src/plan/explain-difference.ts';

const commits = ['a', 'b'].map((digit) => digit.repeat(40)) as [string, string];

describe('a sentence about an input that changed', () => {
  test.each<[string, string, string, string]>([
    ['cross', 'no', 'yes', 'it is a cross build now'],
    ['cross', 'yes', 'no', 'it is no cross build any more'],
    ['packages', 'tools', 'more', "the set is 'more' instead of 'tools'"],
    ['pipeline', '1', '2', 'this version of zentoo builds it differently'],
    ['stage/image', 'old:1', 'new:1', "the stage's image is 'new:1' instead of 'old:1'"],
    ['stage/name', 'old', 'new', "the stage is 'new' instead of 'old'"],
    ['portage/branch', 'base', 'wide', "the portage branch is 'wide' instead of 'base'"],
    ['buildhooks/branch', 'plain', 'fancy', "the buildhooks branch is 'fancy' instead of 'plain'"],
    ['hook/compile', '1', '2', 'the hook compile changed'],
    ['set/tools', '1', '2', 'the set tools changed'],
    ['tree/gentoo', ...commits, 'the tree gentoo moved from aaaaaaaaaa to bbbbbbbbbb'],
    ['cpu/CFLAGS', '-O2', '-O3', "the cpu's CFLAGS is '-O3' instead of '-O2'"],
    ['optimize', 'none', 'system', "optimize is 'system' instead of 'none'"],
    ['stage/colour', 'red', 'blue', "stage colour is 'blue' instead of 'red'"],
  ])('%s', (name, before, now, sentence) => {
    expect(explainDifference({ [name]: before }, { [name]: now })).toEqual([sentence]);
    expect(explainDifference({ [name]: now }, { [name]: now })).toEqual([]);
  });

  test.each(['set', 'tree', 'hook'])('says that a %s is new or is not used any more', (kind) => {
    expect(explainDifference({}, { [`${kind}/x`]: '1' })).toEqual([`the ${kind} x is new`]);
    expect(explainDifference({ [`${kind}/x`]: '1' }, {})).toEqual([`the ${kind} x is not used any more`]);
  });

  test.each(['portage', 'buildhooks'])('names the branch of %s whose commit moved', (kind) => {
    const inputs = (commit: string) => ({ [`${kind}/branch`]: 'base', [`${kind}/commit`]: commit });
    expect(explainDifference(inputs(commits[0]), inputs(commits[1]))).toEqual([
      `the ${kind} branch base moved from aaaaaaaaaa to bbbbbbbbbb`,
    ]);
    expect(explainDifference({ [`${kind}/commit`]: commits[0] }, { [`${kind}/commit`]: commits[1] })).toEqual([
      `the ${kind} branch  moved from aaaaaaaaaa to bbbbbbbbbb`,
    ]);
  });

  test('leaves out the commit of a branch that has another name, and no other change', () => {
    const former = { 'portage/branch': 'base', 'portage/commit': commits[0], 'buildhooks/commit': commits[0] };
    const present = { 'portage/branch': 'wide', 'portage/commit': commits[1], 'buildhooks/commit': commits[1] };
    expect(explainDifference(former, present)).toEqual([
      'the buildhooks branch  moved from aaaaaaaaaa to bbbbbbbbbb',
      "the portage branch is 'wide' instead of 'base'",
    ]);
  });

  test.each([
    ['', 'none'],
    [`sha256:${commits[1]}`, 'bbbbbbbbbb'],
    ['0123456789ab', '0123456789'],
    ['0123456789a', "'0123456789a'"],
    [`x${commits[1]}`, `'x${commits[1]}'`],
    [`${commits[1]}x`, `'${commits[1]}x'`],
    ['Sun, 22 Nov 2026', "'Sun, 22 Nov 2026'"],
  ])('shortens an id and nothing else: %s', (revision, shown) => {
    expect(explainDifference({ 'tree/x': commits[0] }, { 'tree/x': revision })).toEqual([
      `the tree x moved from aaaaaaaaaa to ${shown}`,
    ]);
    expect(explainDifference({ 'stage/name': 'm', 'stage/id': revision }, { 'stage/name': 'm' })).toEqual([
      `the stage m is another image: none instead of ${shown}`,
    ]);
  });

  test('is sorted by the name of the input', () => {
    const sentences = explainDifference({ 'set/b': '1', 'hook/a': '1' }, { 'set/b': '2', 'hook/a': '2', 'set/a': '1' });
    expect(sentences).toEqual(['the hook a changed', 'the set a is new', 'the set b changed']);
  });
});

describe('a label with inputs', () => {
  test('has short values as they are, and long values as digests', () => {
    const inputs = { short: 'x'.repeat(120), long: 'x'.repeat(121) };
    const read = readInputsLabel(writeInputsLabel(inputs));
    expect(read?.['short']).toBe(inputs.short);
    expect(read?.['long']).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(explainDifference(read ?? {}, inputs)).toEqual([]);
  });

  test('is read up to a length that no label of zentoo has', () => {
    const labelOf = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`;
    expect(readInputsLabel(labelOf(64 * 1024))).toBeDefined();
    expect(readInputsLabel(labelOf(64 * 1024 + 1))).toBeUndefined();
  });
});
