import { describe, expect, it } from 'vitest';
import {
  compareMakespan,
  jobCount,
  leastMakespan,
  longestMakespan,
  planCount,
  simulateMakespan,
  syntheticPlan,
} from '../../bench/rows/makespan.ts';
import { compareSwarmMakespan, gentooPlan, simulateSwarm } from '../../bench/rows/swarm-makespan.ts';
import { isMet } from '../../bench/row.ts';

const node = (id: string, needs: readonly string[], work: number, estimate = work) => ({
  id,
  needs,
  order: work,
  estimate,
});

describe('leastMakespan', () => {
  it('is the critical path, or all the work shared evenly', () => {
    const plan = [node('a', [], 2), node('b', ['a'], 3), node('c', ['a'], 1), node('d', [], 4)];
    expect(leastMakespan(plan, 1)).toBe(10);
    expect(leastMakespan(plan, 2)).toBe(5);
    expect(leastMakespan(plan, 8)).toBe(5);
  });
});

describe('simulateMakespan', () => {
  it('takes the order from the estimates and the time from the work', async () => {
    const plan = [node('short', [], 1), node('middle', [], 1), node('long', [], 2)];
    expect(await simulateMakespan(plan, 2)).toBe(2);
    expect(await simulateMakespan([node('short', [], 1, 9), node('middle', [], 1, 9), node('long', [], 2)], 2)).toBe(3);
  });
});

describe('syntheticPlan', () => {
  it('has 60 nodes that depend on earlier ones, equal for equal seeds', () => {
    const plan = syntheticPlan(1);
    expect(plan).toHaveLength(60);
    expect(syntheticPlan(1)).toEqual(plan);
    expect(syntheticPlan(2)).not.toEqual(plan);
    const ids = plan.map(({ id }) => id);
    for (const { id, needs } of plan) for (const need of needs) expect(ids.indexOf(need)).toBeLessThan(ids.indexOf(id));
    expect(leastMakespan(plan, 60)).toBeGreaterThan(2 * Math.max(...plan.map(({ order }) => order)));
  });

  const seeds = Array.from({ length: planCount }, (_, index) => index + 1);
  it.each<[string, (estimate: number) => number | undefined]>([
    ['without estimates', () => undefined],
    ['shortest first', (estimate) => 1 / estimate],
  ])('misses the target of the bench in a wrong order: %s', async (_, change) => {
    const ratios = seeds.map(async (seed) => {
      const plan = syntheticPlan(seed);
      const changed = plan.map((each) => ({ ...each, estimate: change(each.estimate ?? 0) }));
      return (await simulateMakespan(changed, jobCount)) / leastMakespan(plan, jobCount);
    });
    expect(Math.max(...(await Promise.all(ratios)))).toBeGreaterThan(longestMakespan);
  });
});

describe('compareMakespan', () => {
  it('meets its target with the order of the scheduler', async () => {
    expect((await compareMakespan()).every(isMet)).toBe(true);
  });
});

describe('compareSwarmMakespan', () => {
  it('meets its target with the queue and the placement of a build', async () => {
    expect((await compareSwarmMakespan()).every(isMet)).toBe(true);
  });

  it('gives each package to one node, and all slots of all nodes to packages', async () => {
    const plan = Array.from({ length: 12 }, (_, index) => node(`package${index}`, [], 6));
    expect([await simulateSwarm(plan, 1), await simulateSwarm(plan, 3), await simulateSwarm(plan, 100)]).toEqual([
      36, 12, 6,
    ]);
  });

  it('misses its target without estimates', async () => {
    const plans = Array.from({ length: 10 }, (_, index) => gentooPlan(index + 1));
    const ratios = plans.map(async (plan) => {
      const unknown = plan.map((each) => ({ ...each, estimate: undefined }));
      return (await simulateSwarm(unknown, 3)) / leastMakespan(plan, 6);
    });
    expect(Math.max(...(await Promise.all(ratios)))).toBeGreaterThan(longestMakespan);
  });
});
