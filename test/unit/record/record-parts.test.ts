import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { BuildRecorder, recordFailures } from '../../../src/record/build-recorder.ts';
import {
  describeElogEntries,
  readBuildRecord,
  writeBuildRecord,
  type BuildRecord,
} from '../../../src/record/build-record.ts';
import { PackageWatch, secondsBetween } from '../../../src/record/package-watch.ts';
import { UsageMeter } from '../../../src/record/usage-meter.ts';
import type { Event } from '../../../src/report/event.ts';

const time = '2026-01-02T03:04:05.000Z';
const usage = { rss: 1, shmem: 2, peak: 3, processorSeconds: 0.5, isUpperBound: true };

/** A record in which every list has a member and every value is known. */
const complete: BuildRecord = {
  format: 1,
  program: { name: 'zentoo', version: '1.2.3' },
  site: 'home',
  started: time,
  ended: time,
  targets: [
    {
      name: 'a',
      result: 'built',
      image: { name: 'x', bytes: 5 },
      archive: { name: 'y', bytes: null },
      packages: [{ cpv: 'a/a-1', origin: 'compiled', why: 'new', installedBytes: 2000, binaryBytes: 700 }],
      failures: [{ code: 'build-failed', exitStatus: 31, message: 'no', hint: null }],
      elog: [{ cpv: 'a/a-1', time, messages: [{ level: 'warn', phase: 'postinst', lines: ['careful'] }] }],
    },
  ],
  tasks: [
    {
      ...{ kind: 'image', place: 'p', name: 'n', version: '', label: 'l', started: time, ended: time, seconds: 1.5 },
      result: 'done',
      steps: [{ step: 'sync', started: time, seconds: 0, result: 'failed' }],
      usage,
      logs: ['/var/log'],
    },
  ],
  packages: [
    {
      ...{ cpv: 'a/a-1', task: null, binary: true, started: time, ended: null, seconds: null },
      phases: [{ phase: 'compile', seconds: 2 }],
      usage: null,
    },
  ],
};

/** All places of a value: lists of keys that lead from the outside to a value or an object within. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))];
}

/** A copy of a value in which the value at `path` is changed. */
function changeAt(value: unknown, path: readonly string[], change: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null) return change(value);
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    name === key ? changeAt(inner, rest, change) : inner,
  ]);
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

describe('the file of a record', () => {
  const places = placesIn(complete);
  const objects = places.filter((path) => {
    let value: unknown = complete;
    for (const key of path) value = Reflect.get(Object(value), key);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  });
  const resultOf = (record: unknown) => readBuildRecord(JSON.stringify(record)).type;

  test('is one line, and is read as it was written', () => {
    expect(writeBuildRecord(complete)).toMatch(/^\{.*\}\n$/);
    expect(readBuildRecord(writeBuildRecord(complete))).toEqual({ type: 'read', record: complete });
  });

  test.each(objects.map((path) => [path.join('.') || 'the record', path] as const))(
    'is refused if %s has an unknown member',
    (_name, path) => {
      expect(resultOf(changeAt(complete, path, (old) => ({ ...Object(old), more: 1 })))).toBe('refused');
    },
  );

  test.each(places.slice(1).map((path) => [path.join('.'), path] as const))(
    'is refused if %s is of another type',
    (_name, path) => {
      expect(resultOf(changeAt(complete, path, () => ({ 0: 'x' })))).toBe('refused');
    },
  );

  test.each<[string, string[], unknown]>([
    ['a size is negative', ['targets', '0', 'image', 'bytes'], -1],
    ['a size is not whole', ['tasks', '0', 'usage', 'rss'], 0.5],
    ['a duration is negative', ['tasks', '0', 'seconds'], -1],
    ['a time is a date only', ['started'], '2026-01-02'],
    ['an outcome is unknown', ['tasks', '0', 'result'], 'built'],
    ['the outcome of a step is unknown', ['tasks', '0', 'steps', '0', 'result'], 'unchanged'],
    ['the outcome of a target is unknown', ['targets', '0', 'result'], 'done'],
    ['an origin is unknown', ['targets', '0', 'packages', '0', 'origin'], 'stolen'],
  ])('is refused if %s', (_what, path, value) => {
    expect(resultOf(changeAt(complete, path, () => value))).toBe('refused');
  });

  test.each<[string[], readonly unknown[]]>([
    [
      ['targets', '0', 'result'],
      ['built', 'unchanged', 'failed'],
    ],
    [
      ['targets', '0', 'packages', '0', 'origin'],
      ['compiled', 'reused', 'upstream'],
    ],
    [
      ['tasks', '0', 'result'],
      ['done', 'failed'],
    ],
    [
      ['tasks', '0', 'steps', '0', 'result'],
      ['done', 'failed'],
    ],
    [['targets', '0', 'name'], [null]],
    [['targets', '0', 'image'], [null]],
    [['site'], [null]],
    [['packages', '0', 'seconds'], [0]],
    [['packages', '0', 'ended'], [time]],
  ])('may have in %j any of %j', (path, values) => {
    for (const value of values) expect(resultOf(changeAt(complete, path, () => value))).toBe('read');
  });

  test('is refused with the reason', () => {
    const whyOf = (record: unknown) => readBuildRecord(JSON.stringify(record));
    expect(whyOf({ ...complete, format: 2 })).toEqual({
      ...{ type: 'refused', why: 'it has format 2, and this program reads format 1' },
    });
    expect(whyOf({ ...complete, format: -1 })).toEqual({ type: 'refused', why: 'it is not a build record' });
    expect(whyOf({ ...complete, site: 1 })).toEqual({
      ...{ type: 'refused', why: 'it is damaged: it does not match format 1' },
    });
  });
});

test('the messages of packages are recorded with the time as text', () => {
  const messages = [{ level: 'warn', phase: 'postinst', lines: ['careful', 'with it'] }] as const;
  expect(describeElogEntries([{ cpv: 'a/a-1', time: new Date(time), messages }])).toEqual([
    { cpv: 'a/a-1', time, messages: [{ level: 'warn', phase: 'postinst', lines: ['careful', 'with it'] }] },
  ]);
});

test('a failure without a hint is recorded with null', () => {
  expect(recordFailures([new Failure('build-failed', 'no')])).toEqual([
    { code: 'build-failed', exitStatus: 31, message: 'no', hint: null },
  ]);
});

describe('the usage of a container', () => {
  const sample = (rss: number, shmem: number, processorSeconds: number) => ({ rss, shmem, processorSeconds });

  test('has the largest values, and the largest sum of one time', () => {
    const meter = new UsageMeter();
    for (const each of [sample(5, 1, 1), sample(1, 5, 1), sample(4, 3, 1)]) meter.take(each);
    expect(meter.read()).toEqual({ rss: 5, shmem: 5, peak: 7, processorSeconds: 1, isUpperBound: false });
  });

  test('adds up processor time to milliseconds, also if a container used none between two samples', () => {
    const meter = new UsageMeter();
    for (const seconds of [1.00049, 1.00049, 0.3, 0.7]) meter.take(sample(0, 0, seconds));
    expect(meter.read()?.processorSeconds).toBe(1.7);
  });

  test('is null without a sample', () => {
    expect(new UsageMeter().read()).toBeNull();
  });
});

describe('the packages of a task', () => {
  const watch = () => {
    const meter = new UsageMeter();
    const packages = new PackageWatch(meter);
    const use = (rss: number, processorSeconds: number) => {
      const sample = { rss, shmem: 0, processorSeconds };
      meter.take(sample);
      packages.takeUsage(sample);
    };
    const take = (cpv: string, action: 'emerging' | 'completed', now: number) =>
      packages.takePackage({ type: 'package', cpv, action, index: 1, total: 1 }, now);
    return { packages, use, take };
  };

  test('are told apart: each has the usage between its start and its end, in the order of their starts', () => {
    const { packages, use, take } = watch();
    use(9, 1);
    take('a/a-1', 'emerging', 1000);
    use(3, 3.5);
    take('a/a-1', 'completed', 2000);
    take('b/b-1', 'emerging', 3500);
    use(7, 4.25);
    const [a, b] = packages.read('t', 9000);
    expect(a).toMatchObject({ cpv: 'a/a-1', task: 't', seconds: 1, usage: { rss: 3, peak: 3, processorSeconds: 2.5 } });
    expect(b).toMatchObject({ cpv: 'b/b-1', seconds: null, usage: { rss: 7, processorSeconds: 0.75 } });
    expect([a?.usage?.isUpperBound, b?.usage?.isUpperBound]).toEqual([false, false]);
    expect([a?.started, a?.ended]).toEqual(['1970-01-01T00:00:01.000Z', '1970-01-01T00:00:02.000Z']);
  });

  test('both have upper bounds if they ran at the same time', () => {
    const { packages, use, take } = watch();
    take('a/a-1', 'emerging', 0);
    take('b/b-1', 'emerging', 1);
    use(7, 4);
    expect(packages.read(null, 9).map((each) => each.usage?.isUpperBound)).toEqual([true, true]);
  });

  test('begin again without the end, phases and usage of the first attempt', () => {
    const { packages, use, take } = watch();
    const running = (phase: string) =>
      ({
        ...{ type: 'running', completed: 0, total: 1, packages: [{ cpv: 'a/a-1', phase, elapsed: 0, binary: false }] },
      }) satisfies object as Extract<Event, { type: 'running' }>;
    take('a/a-1', 'emerging', 0);
    packages.takeRunning(running('compile'), 1000);
    use(9, 1);
    take('a/a-1', 'completed', 2000);
    take('a/a-1', 'emerging', 5000);
    packages.takeRunning(running('unpack'), 5000);
    use(2, 3);
    expect(packages.read(null, 8000)).toMatchObject([
      {
        ended: null,
        phases: [{ phase: 'unpack', seconds: 3 }],
        usage: { rss: 2, processorSeconds: 2, isUpperBound: false },
      },
    ]);
  });

  test('are not recorded if only their end was seen', () => {
    const { packages, take } = watch();
    take('a/a-1', 'completed', 0);
    expect(packages.read(null, 1)).toEqual([]);
  });
});

test('a clock that went back gives a duration of 0', () => {
  expect([secondsBetween(1000, 3500), secondsBetween(3500, 1000)]).toEqual([2.5, 0]);
});

describe('a recorder', () => {
  const identity = { kind: 'image', place: '', name: '', version: '' };
  const recorderAt = () => {
    const clock = { now: 0 };
    return { clock, recorder: new BuildRecorder(() => clock.now) };
  };

  test('ends the latest of several steps with one name', () => {
    const { clock, recorder } = recorderAt();
    const task = recorder.beginTask(identity, undefined);
    for (const [now, event] of [
      [0, { type: 'step-started', step: 'emerge', detail: '' }],
      [1000, { type: 'step-failed', step: 'emerge', seconds: 1 }],
      [2000, { type: 'step-started', step: 'emerge', detail: '' }],
      [5000, { type: 'step-finished', step: 'emerge', seconds: 3 }],
      [6000, { type: 'step-finished', step: 'emerge', seconds: 3 }],
    ] as const) {
      clock.now = now;
      recorder.take(event);
    }
    expect(task.end('done').steps).toMatchObject([
      { seconds: 1, result: 'failed' },
      { seconds: 3, result: 'done' },
    ]);
  });

  test('records when the build began and how far it is, with a task and a package that go on', () => {
    const { clock, recorder } = recorderAt();
    clock.now = 1000;
    recorder.beginTask(identity, 'a');
    recorder.take({ type: 'step-started', step: 'emerge', detail: '', task: 'a' });
    recorder.take({ type: 'package', cpv: 'a/a-1', action: 'emerging', index: 1, total: 1, task: 'a' });
    clock.now = 4000;
    const record = recorder.read({ program: complete.program, site: 'home' }, complete.targets);
    expect(record).toMatchObject({
      ...{ format: 1, program: complete.program, site: 'home', targets: complete.targets },
      started: '1970-01-01T00:00:00.000Z',
      ended: '1970-01-01T00:00:04.000Z',
      tasks: [{ seconds: 3, result: 'failed', steps: [{ seconds: 3, result: 'failed' }] }],
      packages: [{ cpv: 'a/a-1', task: 'a' }],
    });
  });

  test('passes on the rejection of the watched report', async () => {
    const { recorder } = recorderAt();
    const report = recorder.watch(() => Promise.reject(new Error('the terminal is gone')));
    await expect(report({ type: 'note', message: 'x' })).rejects.toThrow('the terminal is gone');
  });
});
