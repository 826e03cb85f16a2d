import type { WorkNode } from '../../src/schedule/executor.ts';
import { runSchedule } from '../../src/schedule/schedule.ts';
import { VirtualTime } from '../unit/schedule/virtual-time.ts';
import { spreadOf } from './compare.ts';
import type { Row } from './row.ts';

/** Seconds. */
type Duration = number;

const size = 60;
const plans = 25;
/** The last duration differs from this one by up to so much, in both directions. */
const noise = 0.3;

/**
 * A plan such as a few dozen packages make: each needs up to three of the dozen before it, most are short, and some take twenty
 * times as long. The same for the same seed.
 */
export function syntheticPlan(seed: number): readonly WorkNode<Duration>[] {
  const random = randomNumbers(seed);
  return Array.from({ length: size }, (_, index) => {
    const candidates = Array.from({ length: Math.min(index, 12) }, (_unused, back) => `node${index - 1 - back}`);
    const needs = new Set(
      Array.from({ length: Math.min(index, Math.floor(random() * 4)) }, () => choose(candidates, random())),
    );
    const estimate = 5 * Math.exp(3 * random() ** 2);
    const duration = estimate * (1 + noise * (2 * random() - 1));
    return { id: `node${index}`, needs: [...needs], estimate, work: duration };
  });
}

/** No schedule takes less: the longest way through the plan, or all of its work evenly shared; seconds. */
export function leastMakespan(plan: readonly WorkNode<Duration>[], jobs: number): Duration {
  const ends = new Map<string, Duration>();
  // Every node comes after what it needs.
  for (const { id, needs, work } of plan) ends.set(id, work + Math.max(0, ...needs.map((need) => ends.get(need) ?? 0)));
  const sum = plan.reduce((total, { work }) => total + work, 0);
  return Math.max(sum / jobs, ...ends.values());
}

/** What the scheduler takes for a plan in virtual time, when it knows the estimates; seconds. */
export async function simulateMakespan(plan: readonly WorkNode<Duration>[], jobs: number): Promise<Duration> {
  const time = new VirtualTime();
  const executor = {
    async execute({ id, work }: WorkNode<Duration>) {
      await time.pass(work * 1000);
      return { result: id };
    },
  };
  const { signal } = new AbortController();
  await time.run(runSchedule(plan, { jobs, executor, signal, now: () => time.now }));
  return time.now / 1000;
}

/** The scheduler against what no scheduler can beat, on plans whose durations it does not know exactly. */
export async function compareMakespan(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const jobs of [2, 4, 8]) {
    const makespans: number[] = [];
    const least: number[] = [];
    for (let seed = 1; seed <= plans; seed++) {
      const plan = syntheticPlan(seed);
      makespans.push(await simulateMakespan(plan, jobs));
      least.push(leastMakespan(plan, jobs));
    }
    rows.push({
      name: `makespan-${jobs}`,
      what: `synthetic plan of ${size} nodes, --jobs ${jobs}: makespan / max(critical path, work / ${jobs})`,
      value: spreadOf(makespans.map((seconds, index) => seconds / (least[index] ?? Number.NaN))),
      target: { atMost: 1.15 },
      judged: 'worst',
      details: [`${plans} plans, durations up to ${noise * 100} % off the estimates, in virtual time`],
    });
  }
  return rows;
}

function choose<T>(values: readonly T[], fraction: number): T {
  const value = values[Math.floor(fraction * values.length)];
  if (value === undefined) throw new RangeError('there is nothing to choose from');
  return value;
}

/** Numbers from 0 up to 1 that depend on the seed alone (Park and Miller's generator). */
function randomNumbers(seed: number): () => number {
  const modulus = 2 ** 31 - 1;
  let state = (seed * 7919) % modulus;
  const next = () => {
    state = (state * 48271) % modulus;
    return state / modulus;
  };
  // The first ones of neighbouring seeds are neighbours themselves.
  for (let skipped = 0; skipped < 10; skipped++) next();
  return next;
}
