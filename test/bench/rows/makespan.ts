import type { WorkNode } from '../../../src/schedule/executor.ts';
import { runSchedule } from '../../../src/schedule/schedule.ts';
import { VirtualTime } from '../../unit/schedule/virtual-time.ts';
import { spreadOf } from '../compare.ts';
import type { Row } from '../row.ts';

/** Seconds. */
type Duration = number;

const size = 60;
export const planCount = 25;
/** The number of jobs that the plans are made for. */
export const jobCount = 4;
/** The longest makespan that is good enough, relative to the least one. */
export const longestMakespan = 1.15;
/** The greatest deviation of a duration from its estimate, in both directions. */
const noise = 0.3;

/**
 * A plan like that of a few dozen packages: each node needs up to three of the twelve nodes before it; most are short, and
 * some take twenty times as long. Equal seeds give equal plans.
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
    return { id: `node${index}`, needs: [...needs], estimate, order: duration };
  });
}

/** The lower limit of all schedules in seconds: the critical path, or all the work shared evenly. */
export function leastMakespan(plan: readonly WorkNode<Duration>[], jobs: number): Duration {
  const ends = new Map<string, Duration>();
  // A node comes after the nodes that it needs.
  for (const { id, needs, order } of plan)
    ends.set(id, order + Math.max(0, ...needs.map((need) => ends.get(need) ?? 0)));
  const sum = plan.reduce((total, { order }) => total + order, 0);
  return Math.max(sum / jobs, ...ends.values());
}

/** The seconds that the scheduler takes for a plan in virtual time if it knows the estimates. */
export async function simulateMakespan(plan: readonly WorkNode<Duration>[], jobs: number): Promise<Duration> {
  const time = new VirtualTime();
  const executor = {
    execute: (duration: Duration) => time.pass(duration * 1000),
  };
  const { signal } = new AbortController();
  await time.run(runSchedule(plan, { jobs, executor, signal, now: () => time.now }));
  return time.now / 1000;
}

/**
 * Compares the scheduler with the least makespan, on plans whose durations it knows only roughly. With 4 jobs these plans tell
 * a good order from a bad one. With 2 or 8 jobs every order meets the target: all the work or the critical path decides.
 */
export async function compareMakespan(): Promise<readonly Row[]> {
  const seeds = Array.from({ length: planCount }, (_, index) => index + 1);
  const ratios = seeds.map(async (seed) => {
    const plan = syntheticPlan(seed);
    return (await simulateMakespan(plan, jobCount)) / leastMakespan(plan, jobCount);
  });
  return [
    {
      name: 'makespan',
      what: `synthetic plan of ${size} nodes, --jobs ${jobCount}: makespan / max(critical path, work / ${jobCount})`,
      value: spreadOf(await Promise.all(ratios)),
      target: { atMost: longestMakespan },
      judged: 'worst',
      details: [`${planCount} plans, durations up to ${noise * 100} % off the estimates, in virtual time`],
    },
  ];
}

function choose<T>(values: readonly T[], fraction: number): T {
  const value = values[Math.floor(fraction * values.length)];
  if (value === undefined) throw new RangeError('there is nothing to choose from');
  return value;
}

/** Numbers from 0 up to 1 that depend on the seed alone (Park and Miller's generator). */
export function randomNumbers(seed: number): () => number {
  const modulus = 2 ** 31 - 1;
  let state = (seed * 7919) % modulus;
  const next = () => {
    state = (state * 48271) % modulus;
    return state / modulus;
  };
  // The first numbers of neighbouring seeds are close to each other.
  for (let skipped = 0; skipped < 10; skipped++) next();
  return next;
}
