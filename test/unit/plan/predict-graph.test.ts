import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { growGraph, type SiteNode, type WantedTuple } from '../../../src/plan/expand-site.ts';
import { predictGraph } from '../../../src/plan/predict-graph.ts';
import type { ResolvedPackages } from '../../../src/plan/package-pool.ts';
import { graphPlan } from '../../../src/plan/plan-graph.ts';
import { transitiveNeeds, directNeeds } from '../../../src/plan/strong-components.ts';
import type { TupleAnswer, WorkAnswer } from '../../../src/plan/work-answer.ts';
import type { WorkOrder } from '../../../src/plan/work-order.ts';
import { runSchedule } from '../../../src/schedule/schedule.ts';
import { sitePlan, tuplePlan } from './plans.ts';
import { tupleOf } from './sites.ts';

const fingerprint = { digest: '0'.repeat(64), inputs: {} };
const wanted: readonly WantedTuple[] = ['a', 'b', 'c', 'd'].map((name) => ({
  ...{ tuple: tupleOf({ name }), fingerprint },
  buildmaster: { name: name === 'd' ? 'n' : 'm', isThere: name === 'd' },
}));

/** Packages by their names, each with the names of the packages that it needs; a name in capitals comes from the store. */
function resolved(all: Readonly<Record<string, readonly string[]>>): ResolvedPackages {
  const names = Object.keys(all);
  return {
    packages: names.map((name) => ({
      ...{ cpv: `cat/${name}-1`, slot: '0', repository: 'gentoo', root: '/', use: [], inputs: 'i' },
      isCompiled: name === name.toLowerCase(),
    })),
    needs: Object.values(all).map((needs) => needs.map((need) => names.indexOf(need))),
    partitions: { root: 'p', host: 'p' },
  };
}

/** Portage refuses the tuple c. */
const answers = new Map([
  ['a', resolved({ lib: [], tool: ['lib'], top: ['tool', 'lib'] })],
  ['b', resolved({ lib: [], KEPT: [], one: ['two', 'KEPT'], two: ['one', 'lib'] })],
  ['d', resolved({ lib: [] })],
]);

/** The nodes that a build runs if Portage answers so. */
async function nodesOfBuild(): Promise<readonly SiteNode[]> {
  const { nodes, expand } = growGraph(wanted, () => undefined);
  const execute = async (order: WorkOrder): Promise<WorkAnswer> => {
    if (order.kind === 'packages' || order.kind === 'buildmaster') return { kind: order.kind, elog: [] };
    if (order.kind === 'assemble') return { kind: order.kind, outputs: {}, sizes: {}, elog: [], durations: {} };
    const tuples = order.tuples.map((tuple): TupleAnswer => {
      const answer = answers.get(tuple);
      return answer
        ? { type: 'resolved', tuple, resolved: answer, origins: [] }
        : { type: 'refused', tuple, failures: [] };
    });
    return { kind: order.kind, abilities: { observable: false, measuresSpace: false }, tuples };
  };
  const { signal } = new AbortController();
  // One order after the other, so that the answers come in the plan's sequence.
  const result = await runSchedule(nodes, { jobs: 1, executor: { execute }, expand, signal });
  expect([...result.outcomes.values()].every(({ type }) => type === 'done')).toBe(true);
  return result.nodes;
}

describe('the graph of a plan', () => {
  const plan = sitePlan([tuplePlan({ name: 'a' }), tuplePlan({ name: 'b' })], { graph: predictGraph(wanted, answers) });

  test('has the nodes that a build runs for the same answers', async () => {
    const byId = (nodes: readonly SiteNode[]) => nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const built = await nodesOfBuild();
    expect(byId(plan.graph)).toEqual(byId(built));
    const kinds = built.map(({ order }) => order.kind);
    expect(kinds.filter((kind) => kind === 'packages')).toHaveLength(4);
    expect(kinds.filter((kind) => kind === 'assemble')).toHaveLength(3);
  });

  test('is drawn with each of these nodes, and with all that it needs', async () => {
    const built = await nodesOfBuild();
    const { nodes, edges } = graphPlan(plan);
    const orders = new Map(nodes.flatMap(({ id, order }) => (order === undefined ? [] : [[id, order] as const])));
    expect([...orders.values()].toSorted()).toEqual(built.map(({ id }) => id).toSorted());
    const drawn = [...orders].map(([id]) =>
      edges
        .filter((edge) => edge.to === id && orders.has(edge.from))
        .map(({ from }) => [...orders.keys()].indexOf(from)),
    );
    const drawnClosure = transitiveNeeds(drawn);
    const ids = [...orders.values()];
    for (const { id, needs } of built)
      for (const need of needs)
        expect(drawnClosure[ids.indexOf(id)]?.has(ids.indexOf(need)), `${need} > ${id}`).toBe(true);
    // Besides needs, only the answers of Portage lead to packages and roots.
    for (const { from, to } of edges.filter((edge) => orders.has(edge.from) && orders.has(edge.to))) {
      const [before, after] = [built.find(({ id }) => id === orders.get(from)), orders.get(to)];
      const isNeed = built.find(({ id }) => id === after)?.needs.includes(before?.id ?? '') === true;
      expect(isNeed || before?.order.kind === 'resolve', `${before?.id} > ${after}`).toBe(true);
    }
  });

  test('names the packages, and the tuples for which Portage is asked', () => {
    const { nodes } = graphPlan(plan);
    const labels = nodes.filter(({ kind }) => kind === 'packages' || kind === 'resolve').map(({ label }) => label);
    expect(labels).toEqual([
      ['ask Portage', 'a', 'b', 'c'],
      ['ask Portage', 'd'],
      ['cat/lib-1'],
      ['cat/tool-1'],
      ['cat/top-1'],
      ['cat/one-1', 'cat/two-1'],
    ]);
  });
});

test('direct needs are the fewest edges that lead to the same closure', () => {
  const acyclic = fc.array(fc.array(fc.nat(20), { maxLength: 5 }), { maxLength: 12 });
  fc.assert(
    fc.property(acyclic, (all) => {
      const needs = all.map((own, at) => [...new Set(own.filter((need) => need < at))]);
      const direct = directNeeds(needs);
      expect(transitiveNeeds(direct)).toEqual(transitiveNeeds(needs));
      for (const [at, own] of direct.entries())
        for (const need of own) {
          const fewer = direct.with(
            at,
            own.filter((other) => other !== need),
          );
          expect(transitiveNeeds(fewer)[at]?.has(need)).toBe(false);
        }
    }),
  );
});
