import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainDifference, readInputsLabel, writeInputsLabel } from '../../../src/plan/explain-difference.ts';
import {
  fingerprintBuildmaster,
  fingerprintTuple,
  planKey,
  type ExternalInputs,
} from '../../../src/plan/fingerprint.ts';
import type { Site, Tuple } from '../../../src/site/site.ts';
import { readSetText } from '../../../src/site/read/package-set.ts';
import { branch, portageBranch, commits, packageSet, siteOf, tupleOf } from './sites.ts';

const around: ExternalInputs = { stageId: `sha256:${'1'.repeat(64)}`, trees: { gentoo: commits[2] }, pipeline: '1' };

interface Change {
  readonly tuple?: Partial<Tuple>;
  readonly site?: Partial<Site>;
  readonly around?: Partial<ExternalInputs>;
}

/** Fingerprints of a tuple and of its buildmaster, with something changed. */
function fingerprints(change: Change = {}) {
  const tuple = tupleOf(change.tuple);
  const external = { ...around, ...change.around };
  return {
    tuple: fingerprintTuple(siteOf({ tuples: [tuple], ...change.site }), tuple, external),
    buildmaster: fingerprintBuildmaster(tuple, external),
  };
}

const plain = fingerprints();
const [cpu, stage] = [tupleOf().cpu, tupleOf().stage];

describe('the changes of a fingerprint, and their explanations', () => {
  test.each<[string, Change, { tuple?: string[]; buildmaster?: string[] }]>([
    ['nothing', {}, {}],
    ['the outputs', { tuple: { outputs: ['image'] } }, {}],
    [
      'the order of cpu flags',
      { tuple: { cpu: { ...cpu, cpuFlags: [{ variable: 'CPU_FLAGS_X86', flags: 'sse2  sse' }] } } },
      {},
    ],
    ['white space in flags', { tuple: { cpu: { ...cpu, cflags: ' -O2   -pipe\n' } } }, {}],
    ['another set', { site: { sets: [packageSet('tools'), packageSet('other')] } }, {}],
    ['a hook after assembly', { tuple: { buildhooks: branch('plain', commits[1], { finish: '#!x' }) } }, {}],
    [
      'the portage branch',
      { tuple: { portage: portageBranch('base', commits[3]) } },
      {
        tuple: ['the portage branch base moved from aaaaaaaaaa to dddddddddd'],
        buildmaster: ['the portage branch base moved from aaaaaaaaaa to dddddddddd'],
      },
    ],
    [
      'the hooks, none of which is early',
      { tuple: { buildhooks: branch('plain', commits[3], { assemble: '#!x' }) } },
      { tuple: ['the buildhooks branch plain moved from bbbbbbbbbb to dddddddddd'] },
    ],
    [
      'a hook of the buildmaster',
      { tuple: { buildhooks: branch('plain', commits[3], { buildmaster: '#!x', 'lib.sh': 'y' }) } },
      {
        tuple: ['the buildhooks branch plain moved from bbbbbbbbbb to dddddddddd'],
        buildmaster: ['the hook buildmaster is new', 'the hook files is new'],
      },
    ],
    [
      'the set',
      { tuple: { packages: packageSet('tools', [], 'a/b') }, site: { sets: [packageSet('tools', [], 'a/b')] } },
      { tuple: ['the set tools changed'] },
    ],
    [
      'a set that is named by it',
      {
        tuple: { packages: packageSet('tools', ['more']) },
        site: { sets: [packageSet('tools', ['more']), packageSet('more', ['tools'])] },
      },
      { tuple: ['the set more is new', 'the set tools changed'] },
    ],
    [
      'a tree',
      { around: { trees: { gentoo: commits[3], lab: commits[0] } } },
      {
        tuple: ['the tree gentoo moved from cccccccccc to dddddddddd', 'the tree lab is new'],
        buildmaster: ['the tree gentoo moved from cccccccccc to dddddddddd', 'the tree lab is new'],
      },
    ],
    [
      'the stage',
      { around: { stageId: `sha256:${'2'.repeat(64)}` } },
      {
        tuple: ['the stage ministage is another image: 2222222222 instead of 1111111111'],
        buildmaster: ['the stage ministage is another image: 2222222222 instead of 1111111111'],
      },
    ],
    [
      'the name of the stage, with all that it brings',
      { tuple: { stage: { ...stage, name: 'other', image: 'other:1' } }, around: { stageId: 'x' } },
      {
        tuple: ["the stage is 'other' instead of 'ministage'"],
        buildmaster: ["the stage is 'other' instead of 'ministage'"],
      },
    ],
    [
      'what is optimized',
      { tuple: { stage: { ...stage, optimize: 'system' } } },
      { tuple: ["optimize is 'system' instead of 'none'"], buildmaster: ["optimize is 'system' instead of 'none'"] },
    ],
    [
      'a flag of the compiler',
      { tuple: { cpu: { ...cpu, cflags: '-O3 -pipe' } } },
      {
        tuple: ["the cpu's CFLAGS is '-O3 -pipe' instead of '-O2 -pipe'"],
        buildmaster: ["the cpu's CFLAGS is '-O3 -pipe' instead of '-O2 -pipe'"],
      },
    ],
    ['cross', { tuple: { cross: true } }, { tuple: ['it is a cross build now'] }],
    [
      'the product',
      { around: { pipeline: '2' } },
      {
        tuple: ['this version of zentoo builds it differently'],
        buildmaster: ['this version of zentoo builds it differently'],
      },
    ],
  ])('%s', (_what, change, { tuple = [], buildmaster = [] }) => {
    const changed = fingerprints(change);
    for (const [kind, sentences] of [
      ['tuple', tuple],
      ['buildmaster', buildmaster],
    ] as const) {
      expect(changed[kind].digest === plain[kind].digest, `the ${kind}'s digest`).toBe(sentences.length === 0);
      const label = readInputsLabel(writeInputsLabel(plain[kind].inputs));
      expect(explainDifference(label ?? {}, changed[kind].inputs)).toEqual(sentences);
    }
  });

  test("sets that a set of the branch names, and all shared sets if the branch's set is a link", () => {
    const sets = [packageSet('tools'), packageSet('shared'), packageSet('far')];
    const namesOf = (text: string) => {
      const { set } = readSetText(text, 'own', 'sets/own');
      const portage = { ...portageBranch('base', commits[0], { 'sets/own': text }), sets: [set] };
      const { tuple } = fingerprints({ tuple: { portage, packages: packageSet('own', ['shared']) }, site: { sets } });
      return Object.keys(tuple.inputs).filter((name) => name.startsWith('set/'));
    };
    expect(namesOf('# @far\na/b\n @shared # c\n@shared\n@gone')).toEqual(['set/shared']);
    expect(namesOf('->../elsewhere')).toEqual(['set/far', 'set/shared', 'set/tools']);
  });
});

describe('labels', () => {
  test('say whether long values differ, and stay short', () => {
    const long = fingerprints({ tuple: { cpu: { ...cpu, cflags: '-O2 '.repeat(1000) } } }).tuple.inputs;
    const longer = fingerprints({ tuple: { cpu: { ...cpu, cflags: '-O2 '.repeat(1001) } } }).tuple.inputs;
    const label = writeInputsLabel(long);
    expect(label.length).toBeLessThan(1500);
    expect(explainDifference(readInputsLabel(label) ?? {}, long)).toEqual([]);
    expect(explainDifference(readInputsLabel(label) ?? {}, longer)).toHaveLength(1);
  });

  test('a text that is no label is not read', () => {
    for (const text of [undefined, '', '{', 'null', '[]', '{"a":1}', `{"a":"${'x'.repeat(70_000)}"}`])
      expect(readInputsLabel(text)).toBeUndefined();
  });

  test('any label can be explained, on one line and without control characters', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.dictionary(fc.string(), fc.string()), (a, b) => {
        for (const sentence of explainDifference(a, b)) expect(sentence).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

test('an answer of Portage is kept for as long as tuple and store stay', () => {
  const index = 'PACKAGES: 1\nTIMESTAMP: 1700000000\n\nCPV: a/b-1\nSIZE: 3\n';
  const key = planKey(plain.tuple, index);
  expect(planKey(plain.tuple, index.replace('1700000000', '1700000001'))).toBe(key);
  expect(planKey(plain.tuple, index.replace('b-1', 'b-2'))).not.toBe(key);
  expect(planKey(plain.tuple, '')).not.toBe(key);
  expect(planKey(fingerprints({ tuple: { cross: true } }).tuple, index)).not.toBe(key);
});
