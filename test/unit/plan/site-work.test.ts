import { describe, expect, it } from 'vitest';
import { assemblyNode, beginSite, packageNodes, type WantedTuple } from '../../../src/plan/site-work.ts';
import { branch, commits, tupleOf } from './sites.ts';

/** A tuple that is to be built, by a buildmaster of this name. */
function wanted(
  name: string,
  maker: string,
  changes: Parameters<typeof tupleOf>[0] = {},
  isThere = false,
): WantedTuple {
  const fingerprint = { digest: '0'.repeat(64), inputs: {} };
  return { tuple: tupleOf({ name, ...changes }), fingerprint, buildmaster: { name: maker, isThere } };
}

const nobodyKnows = () => undefined;
const describeNodes = (all: readonly WantedTuple[]) =>
  beginSite(all, nobodyKnows).map(({ id, needs }) => [id, ...needs]);

const stage = (optimize: 'none' | 'system') => ({
  stage: { name: 's', image: 's', optimize, branches: undefined },
});

describe('what a site’s build begins with', () => {
  it('is a buildmaster once, and one question for all tuples that have it', () => {
    expect(describeNodes([wanted('a', 'm'), wanted('b', 'm'), wanted('c', 'n')])).toEqual([
      ['buildmaster m'],
      ['buildmaster n'],
      ['resolve a', 'buildmaster m'],
      ['resolve c', 'buildmaster n'],
    ]);
  });

  it('goes without the buildmasters that are there', () => {
    expect(describeNodes([wanted('a', 'm', {}, true)])).toEqual([['resolve a']]);
  });

  it('asks for each tuple alone where a hook changes the buildmaster', () => {
    const buildhooks = branch('plain', commits[1], { compile: '#!/bin/sh\n' });
    expect(describeNodes([wanted('a', 'm', { buildhooks }), wanted('b', 'm', { buildhooks })])).toEqual([
      ['buildmaster m'],
      ['resolve a', 'buildmaster m'],
      ['resolve b', 'buildmaster m'],
    ]);
  });

  it('makes buildmasters that compile the same one after the other, so that the later find it in the store', () => {
    const nodes = describeNodes([wanted('a', 'm', stage('system')), wanted('b', 'n', stage('system'))]);
    expect(nodes.slice(0, 2)).toEqual([['buildmaster m'], ['buildmaster n', 'buildmaster m']]);
    const others = describeNodes([wanted('a', 'm', stage('none')), wanted('b', 'n', stage('none'))]);
    expect(others.slice(0, 2)).toEqual([['buildmaster m'], ['buildmaster n']]);
  });

  it('brings more, whatever it is', () => {
    expect(beginSite([wanted('a', 'm')], nobodyKnows).every(({ unfolds }) => unfolds)).toBe(true);
  });
});

it('compiles behind what is needed, and assembles behind all that the tuple waits for', () => {
  const group = { id: 'tool', packages: [], needs: ['lib'], dependencies: [], partition: 'p' };
  const one = wanted('a', 'm');
  expect(packageNodes(one.tuple, [group], () => 7)).toEqual([
    { id: 'tool', needs: ['lib'], estimate: 7, work: { kind: 'packages', tuple: one.tuple, group } },
  ]);
  expect(assemblyNode(one, ['lib', 'tool'], () => 3)).toEqual({
    ...{ id: 'assemble a', needs: ['lib', 'tool'], estimate: 3 },
    work: { kind: 'assemble', wanted: one },
  });
});
