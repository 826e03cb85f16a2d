import { OrderQueue } from '../../../src/zentoo/engines/order-queue.ts';
import type { Workplace } from '../../../src/zentoo/engines/workplace.ts';
import type { WorkOrder } from '../../../src/plan/work-order.ts';
import { runSchedule } from '../../../src/schedule/schedule.ts';
import type { Concurrency, WorkNode } from '../../../src/schedule/executor.ts';
import { VirtualTime } from '../../unit/schedule/virtual-time.ts';
import { spreadOf } from '../compare.ts';
import type { Row } from '../row.ts';
import { leastMakespan, longestMakespan, randomNumbers } from './makespan.ts';

const packages = 200;
export const slotsOfNode = 2;
export const nodeCounts = [1, 3, 10, 100] as const;
const planCount = 10;
/** The greatest deviation of a duration from its estimate, in both directions. */
const noise = 0.3;

/**
 * A plan of 200 packages with durations like those of ::gentoo: half take less than half a minute, one in fifty more than half an hour.
 * Each needs up to three packages of a lower rank; ranks become rarer from the bottom up. Equal seeds give equal plans.
 */
export function gentooPlan(seed: number): readonly WorkNode<number>[] {
  const random = randomNumbers(seed);
  return Array.from({ length: packages }, (_, index) => {
    const lower = Math.floor(index / 2);
    const needs = new Set(
      Array.from(
        { length: lower === 0 ? 0 : Math.floor(random() * 4) },
        () => `package${Math.floor(random() * lower)}`,
      ),
    );
    const estimate = 3 + 25 * (1 / (0.004 + random()) - 1);
    return { id: `package${index}`, needs: [...needs], estimate, order: estimate * (1 + noise * (2 * random() - 1)) };
  });
}

/** The seconds of a plan on so many equal nodes, in virtual time, with the queue and the placement of a build. */
export async function simulateSwarm(plan: readonly WorkNode<number>[], nodes: number): Promise<number> {
  const time = new VirtualTime();
  const { signal } = new AbortController();
  const place = (index: number): Workplace => ({
    ...{ name: index === 0 ? '' : `node${index}`, architecture: 'x86_64' },
    room: () => ({ slots: slotsOfNode, memory: slotsOfNode, share: 1, fixed: undefined }),
    has: new Set(),
    engine: { lastHeard: () => time.now, isAnswering: () => Promise.resolve(true) },
    executor: { execute: () => Promise.resolve({ kind: 'packages', elog: [] }) },
  });
  const others = Array.from({ length: nodes - 1 }, (_, index) => place(index + 1));
  await using queue = new OrderQueue([place(0), ...others], {
    ...{ signal, report: () => undefined, needs: () => [], goesAnywhere: () => true, unfitFor: () => [] },
  });
  const order: WorkOrder = {
    ...{ kind: 'packages', tuple: 'tuple', buildmaster: 'buildmaster', dependencies: [], partition: '', inputs: '' },
    ...{ packages: [], abilities: { observable: false, measuresSpace: false } },
  };
  const executor = {
    async execute(seconds: number, { priority = 0, concurrency, atWork }: Concurrency) {
      const wish = { priority, concurrency, without: new Set<string>(), ...(atWork && { atWork }) };
      const entry = await queue.await(order, wish);
      if (entry === undefined) throw new Error('no node takes the package');
      await time.pass(seconds * 1000);
      queue.leave(entry);
    },
  };
  await time.run(runSchedule(plan, { jobs: nodes * slotsOfNode, queues: true, executor, signal, now: () => time.now }));
  return time.now / 1000;
}

/** Compares builds of 200 packages on 1 to 100 simulated nodes with the least makespan; the durations are known only roughly. */
export async function compareSwarmMakespan(): Promise<readonly Row[]> {
  const plans = Array.from({ length: planCount }, (_, index) => gentooPlan(index + 1));
  const rows: Row[] = [];
  for (const nodes of nodeCounts) {
    const seconds: number[] = [];
    for (const plan of plans) seconds.push(await simulateSwarm(plan, nodes));
    const least = plans.map((plan) => leastMakespan(plan, nodes * slotsOfNode));
    rows.push({
      name: `makespan-${nodes}`,
      what: `${packages} packages with durations like those of ::gentoo, ${nodes} simulated ${nodes === 1 ? 'node' : 'nodes'} of ${slotsOfNode} slots: makespan / max(critical path, work / slots)`,
      value: spreadOf(seconds.map((each, index) => each / (least[index] ?? Number.NaN))),
      target: { atMost: longestMakespan },
      judged: 'worst',
      details: [`${planCount} plans, durations up to ${noise * 100} % off the estimates, in virtual time`],
    });
  }
  return rows;
}
