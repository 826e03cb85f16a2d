import { taskLabel } from '../../../../src/plan/task-label.ts';
import { BuildRecorder } from '../../../../src/record/build-recorder.ts';
import { expect, test } from 'vitest';
import type { WorkOrder } from '../../../../src/plan/work-order.ts';
import { EngineFactors } from '../../../../src/schedule/engine-factors.ts';
import { recordTasks, timedNode } from '../../../../src/zentoo/command/record-tasks.ts';
import { siteOf, tupleOf } from '../../plan/sites.ts';

const tuple = tupleOf();
const site = siteOf({ tuples: [tuple] });
function packages(...cpvs: readonly string[]): WorkOrder {
  return {
    ...{ kind: 'packages', tuple: tuple.name, buildmaster: 'x', partition: 'generic', inputs: 'i', dependencies: [] },
    packages: cpvs.map((cpv) => ({ cpv, slot: '0', repository: 'gentoo', root: '/' })),
    abilities: { observable: false, measuresSpace: false },
  };
}

test.each<[string, WorkOrder, string, string, string]>([
  ['a package', packages('dev-libs/a-1.0-r1'), 'generic', 'dev-libs/a', '1.0-r1'],
  ['packages in a cycle', packages('dev-libs/a-1', 'dev-libs/b-2'), 'generic', 'dev-libs/a dev-libs/b', '1 2'],
  [
    'a buildmaster',
    { kind: 'buildmaster', tuple: tuple.name, buildmaster: 'zentoo/net/buildmaster:x-1' },
    tuple.stage.name,
    `${tuple.cpu.name}-${tuple.portage.name}`,
    '',
  ],
  ['a resolve order', { kind: 'resolve', tuples: [tuple.name], buildmaster: 'x' }, tuple.name, tuple.name, ''],
  [
    'a root',
    { kind: 'assemble', tuple: tuple.name, buildmaster: 'x', fingerprint: '0', outputs: ['image', 'archive'] },
    tuple.stage.name,
    tuple.name,
    'image archive',
  ],
])('the history identifies %s by its place, name and version', (_what, order, place, name, version) => {
  expect(timedNode(order, site)).toEqual({ kind: order.kind, place, name, version });
});

test('records each order as a task, and adds only successful ones to the history', async () => {
  let now = 0;
  const recorder = new BuildRecorder(() => now);
  const added: unknown[] = [];
  const history = { add: (durations: readonly unknown[]) => void added.push(...durations), recall: () => undefined };
  const noted: string[] = [];
  const notes = {
    check: () => void noted.push('check'),
    succeed: () => void noted.push('succeed'),
    fail: (_: WorkOrder, error: unknown, log: string | undefined) => void noted.push(`fail ${String(error)} ${log}`),
  };
  let isBroken = false;
  const execute = async () => {
    now += 2500;
    recorder.take({ type: 'log', task: taskLabel(order, site), location: 'x' });
    if (isBroken) throw new Error('broken');
    return 'done';
  };
  const order = packages('dev-libs/a-1');
  const executor = recordTasks({ execute }, { recorder, history, notes, site });
  expect(await executor.execute(order, { concurrency: 1 })).toBe('done');
  isBroken = true;
  await expect(executor.execute(order, { concurrency: 1 })).rejects.toThrow('broken');
  expect(noted).toEqual(['check', 'succeed', 'check', 'fail Error: broken x']);
  expect(added).toEqual([{ ...timedNode(order, site), seconds: 2.5, ended: 2500 }]);
  const { tasks } = recorder.read({ program: { name: 'zentoo', version: '1' }, site: 'net' }, []);
  const { cpu, portage } = tuple;
  expect(tasks).toMatchObject(
    ['done', 'failed'].map((result) => ({
      ...timedNode(order, site),
      ...{ result, label: `${cpu.name}-${portage.name}:dev-libs/a-1`, seconds: 2.5, logs: ['x'] },
    })),
  );
});

test('converts the times of another engine into those of the site’s own by its factor, which known packages tell', async () => {
  let now = 0;
  const recorder = new BuildRecorder(() => now);
  const seconds: number[] = [];
  const known = new Map([1, 2, 3].map((version) => [String(version), 10 * version]));
  const history = {
    add: (durations: readonly { readonly seconds: number }[]) =>
      void seconds.push(...durations.map((each) => each.seconds)),
    recall: ({ version }: { readonly version: string }) => known.get(version),
  };
  const notes = { check: () => undefined, succeed: () => undefined, fail: () => undefined };
  const factors = new EngineFactors();
  let took = 0;
  const execute = () => Promise.resolve(void (now += took * 1000));
  const elsewhere = { engine: 'far', factors };
  const executor = recordTasks({ execute }, { recorder, history, notes, site, elsewhere });
  for (const [version, time] of [
    [1, 20],
    [2, 40],
    [3, 66],
    [4, 50],
  ] as const) {
    took = time;
    await executor.execute(packages(`dev-libs/a-${version}`), { concurrency: 1 });
  }
  expect(seconds).toEqual([20, 40, 33, 25]);
  expect(factors.factorOf('far')).toBe(2);
});

test.each<[WorkOrder, string]>([
  [{ kind: 'buildmaster', tuple: tuple.name, buildmaster: 'b' }, 'b'],
  [{ kind: 'resolve', tuples: ['t', 'u'], buildmaster: 'b' }, 't'],
  [{ kind: 'assemble', tuple: 't', buildmaster: 'b', fingerprint: 'f', outputs: [] }, 't'],
])('the events of %j are labelled %s', (order, label) => {
  expect(taskLabel(order, site)).toBe(label);
});
