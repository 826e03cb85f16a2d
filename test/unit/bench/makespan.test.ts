import { describe, expect, it } from 'vitest';
import { leastMakespan, simulateMakespan, syntheticPlan } from '../../bench/makespan.ts';

const node = (id: string, needs: readonly string[], work: number, estimate = work) => ({ id, needs, work, estimate });

describe('leastMakespan', () => {
  it('is the longest way, or all work evenly shared', () => {
    const plan = [node('a', [], 2), node('b', ['a'], 3), node('c', ['a'], 1), node('d', [], 4)];
    expect(leastMakespan(plan, 1)).toBe(10);
    expect(leastMakespan(plan, 2)).toBe(5);
    expect(leastMakespan(plan, 8)).toBe(5);
  });
});

describe('simulateMakespan', () => {
  it('is what the scheduler takes: in the order of the estimates, for as long as the work takes', async () => {
    const plan = [node('short', [], 1), node('middle', [], 1), node('long', [], 2)];
    expect(await simulateMakespan(plan, 2)).toBe(2);
    expect(await simulateMakespan([node('short', [], 1, 9), node('middle', [], 1, 9), node('long', [], 2)], 2)).toBe(3);
  });
});

describe('syntheticPlan', () => {
  it('has 60 nodes behind one another, the same ones for a seed and others for another', () => {
    const plan = syntheticPlan(1);
    expect(plan).toHaveLength(60);
    expect(syntheticPlan(1)).toEqual(plan);
    expect(syntheticPlan(2)).not.toEqual(plan);
    const ids = plan.map(({ id }) => id);
    for (const { id, needs } of plan) for (const need of needs) expect(ids.indexOf(need)).toBeLessThan(ids.indexOf(id));
    expect(leastMakespan(plan, 60)).toBeGreaterThan(2 * Math.max(...plan.map(({ work }) => work)));
  });

  it('is too much for a scheduler that knows nothing of durations', async () => {
    const ratios = await Promise.all(
      Array.from({ length: 25 }, async (_, index) => {
        const plan = syntheticPlan(index + 1);
        const blind = plan.map((each) => ({ ...each, estimate: undefined }));
        return (await simulateMakespan(blind, 4)) / leastMakespan(plan, 4);
      }),
    );
    expect(Math.max(...ratios)).toBeGreaterThan(1.15);
  });
});
