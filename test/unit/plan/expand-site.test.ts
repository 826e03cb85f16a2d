import { describe, expect, it } from 'vitest';
import { beginGraph, expandGraph, growGraph, type WantedTuple } from '../../../src/plan/expand-site.ts';
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
  beginGraph(all, nobodyKnows).nodes.map(({ id, needs }) => [id, ...needs]);

const stage = (optimize: 'none' | 'system') => ({
  stage: { name: 's', image: 's', optimize, branches: undefined },
});

describe('the first nodes of a site’s build', () => {
  it('are one buildmaster, and one resolve order for all tuples that share it', () => {
    expect(describeNodes([wanted('a', 'm'), wanted('b', 'm'), wanted('c', 'n')])).toEqual([
      ['buildmaster m'],
      ['buildmaster n'],
      ['resolve a', 'buildmaster m'],
      ['resolve c', 'buildmaster n'],
    ]);
  });

  it('leave out the buildmasters that exist', () => {
    expect(describeNodes([wanted('a', 'm', {}, true)])).toEqual([['resolve a']]);
  });

  it('resolve each tuple alone if a hook changes the buildmaster', () => {
    const buildhooks = branch('plain', commits[1], { compile: '#!/bin/sh\n' });
    expect(describeNodes([wanted('a', 'm', { buildhooks }), wanted('b', 'm', { buildhooks })])).toEqual([
      ['buildmaster m'],
      ['resolve a', 'buildmaster m'],
      ['resolve b', 'buildmaster m'],
    ]);
  });

  it('make buildmasters that compile the same packages one after the other, so that later ones find them in the store', () => {
    const nodes = describeNodes([wanted('a', 'm', stage('system')), wanted('b', 'n', stage('system'))]);
    expect(nodes.slice(0, 2)).toEqual([['buildmaster m'], ['buildmaster n', 'buildmaster m']]);
    const others = describeNodes([wanted('a', 'm', stage('none')), wanted('b', 'n', stage('none'))]);
    expect(others.slice(0, 2)).toEqual([['buildmaster m'], ['buildmaster n']]);
  });

  it('expand the graph, all of them', () => {
    expect(beginGraph([wanted('a', 'm')], nobodyKnows).nodes.every(({ expandsGraph }) => expandsGraph)).toBe(true);
  });
});

describe('the answer to a resolve order', () => {
  const abilities = { observable: true, measuresSpace: false };
  const lib = { cpv: 'cat/lib-1', slot: '0', repository: 'gentoo', root: '/', isCompiled: true, use: [], inputs: 'i' };
  const tool = { ...lib, cpv: 'cat/tool-1' };
  const partitions = { root: 'p', host: 'p' };
  const graph = beginGraph([wanted('a', 'm'), wanted('b', 'm'), wanted('c', 'm')], () => 7);
  const order = { kind: 'resolve', tuples: ['a', 'b', 'c'], buildmaster: 'm' } as const;
  const grown = expandGraph(
    graph,
    {
      order,
      answer: {
        ...{ kind: 'resolve', abilities },
        tuples: [
          {
            type: 'resolved',
            tuple: 'a',
            resolved: { packages: [lib, tool], needs: [[], [0]], partitions },
            origins: [],
          },
          { type: 'resolved', tuple: 'b', resolved: { packages: [lib], needs: [[]], partitions }, origins: [] },
          { type: 'refused', tuple: 'c', failures: [] },
        ],
      },
    },
    () => 7,
  );
  const added = grown.nodes.slice(graph.nodes.length);

  it('adds each package once, after the packages that it needs, and the assembly of each tuple that is not refused', () => {
    const [libId, toolId] = added.map(({ id }) => id);
    expect(added.map(({ id, needs, order: { kind } }) => [kind, id, ...needs])).toEqual([
      ['packages', libId],
      ['packages', toolId, libId],
      ['assemble', 'assemble a', libId, toolId],
      ['assemble', 'assemble b', libId],
    ]);
    expect(added.every(({ estimate, expandsGraph }) => estimate === 7 && expandsGraph === undefined)).toBe(true);
  });

  it('gives orders that name everything an executor needs', () => {
    expect(added[1]?.order).toEqual({
      ...{ kind: 'packages', tuple: 'a', buildmaster: 'm', abilities, partition: 'p' },
      inputs: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      packages: [{ cpv: 'cat/tool-1', slot: '0', repository: 'gentoo', root: '/' }],
      dependencies: ['cat/lib-1'],
    });
    expect(added[2]?.order).toEqual({
      ...{ kind: 'assemble', tuple: 'a', buildmaster: 'm', fingerprint: '0'.repeat(64) },
      outputs: ['image', 'archive'],
    });
  });

  it('is the only answer that expands the graph', () => {
    const packages = added[0]?.order ?? order;
    const answer = { kind: 'packages', elog: [] } as const;
    expect(expandGraph(grown, { order: packages, answer }, nobodyKnows)).toBe(grown);
  });

  it('is remembered from one answer to the next', () => {
    const { nodes, expand } = growGraph([wanted('a', 'm'), wanted('d', 'n')], nobodyKnows);
    const resolve = (tuple: string) =>
      expand(
        { kind: 'resolve', tuples: [tuple], buildmaster: 'm' },
        {
          ...{ kind: 'resolve', abilities },
          tuples: [{ type: 'resolved', tuple, resolved: { packages: [lib], needs: [[]], partitions }, origins: [] }],
        },
      ).map(({ id }) => id);
    expect(nodes).toHaveLength(4);
    expect(resolve('a')).toEqual([added[0]?.id, 'assemble a']);
    expect(resolve('d')).toEqual(['assemble d']);
  });
});
