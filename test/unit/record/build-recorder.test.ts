import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { BuildRecorder, recordFailures } from '../../../src/record/build-recorder.ts';
import { readBuildRecord, writeBuildRecord } from '../../../src/record/build-record.ts';
import type { Event, RunningPackage } from '../../../src/report/event.ts';

const start = Date.parse('2026-01-02T03:04:05.000Z');
const identity = { kind: 'image', place: 'gentoo/stage3', name: 'app-misc/hello', version: '' };
const program = { name: 'gentoo-builder', version: '1.2.3' };
const MB = 1_000_000;

/** Feeds events to a recorder; each event is preceded by the second in which it happens. */
class Recording {
  second = 0;
  readonly recorder = new BuildRecorder(() => start + this.second * 1000);

  feed(events: readonly (readonly [number, Event])[]): void {
    for (const [second, event] of events) {
      this.second = second;
      this.recorder.take(event);
    }
  }
}

const emerging = (cpv: string, more: { task?: string; binary?: true } = {}): Event => ({
  ...{ type: 'package', cpv, index: 1, total: 2, action: 'emerging' },
  ...more,
});
const completed = (cpv: string, more: { task?: string } = {}): Event => ({
  ...{ type: 'package', cpv, index: 1, total: 2, action: 'completed' },
  ...more,
});
const usage = (rss: number, shmem: number, processorSeconds: number, task?: string): Event => ({
  ...{ type: 'usage', rss: rss * MB, shmem: shmem * MB, processorSeconds, task },
});
const running = (...packages: readonly (readonly [string, string])[]): Event => ({
  ...{ type: 'running', completed: 0, total: 1 },
  packages: packages.map(([cpv, phase]): RunningPackage => ({ cpv, phase, elapsed: 0, binary: false })),
});

describe('a task', () => {
  test('has its times, steps, logs and usage', () => {
    const recording = new Recording();
    const task = recording.recorder.beginTask(identity, undefined);
    recording.feed([
      [0, { type: 'step-started', step: 'sync', detail: '' }],
      [0, { type: 'log', location: 'the volume gentoo-logs, x/build.log' }],
      [0, { type: 'log', location: 'the volume gentoo-logs, x/build.log' }],
      [2, { type: 'step-finished', step: 'sync', seconds: 2 }],
      [2, { type: 'step-started', step: 'emerge', detail: '' }],
      [3, usage(10, 1, 0.5)],
      [4, usage(30, 0, 2)],
      [5, usage(5, 20, 2.25)],
    ]);
    recording.second = 6;
    expect(task.end('failed')).toEqual({
      ...identity,
      label: null,
      started: '2026-01-02T03:04:05.000Z',
      ended: '2026-01-02T03:04:11.000Z',
      seconds: 6,
      result: 'failed',
      steps: [
        { step: 'sync', started: '2026-01-02T03:04:05.000Z', seconds: 2, result: 'done' },
        { step: 'emerge', started: '2026-01-02T03:04:07.000Z', seconds: 4, result: 'failed' },
      ],
      usage: { rss: 30 * MB, shmem: 20 * MB, peak: 30 * MB, processorSeconds: 2.25, isUpperBound: false },
      logs: ['the volume gentoo-logs, x/build.log'],
    });
  });

  test('adds up the processor time of several containers', () => {
    const recording = new Recording();
    const task = recording.recorder.beginTask(identity, undefined);
    recording.feed([
      [1, usage(1, 0, 3)],
      [2, usage(1, 0, 5)],
      [3, usage(1, 0, 0.5)],
      [4, usage(1, 0, 1)],
    ]);
    expect(task.end('done').usage?.processorSeconds).toBe(6);
  });

  test('has no usage without a sample', () => {
    expect(new BuildRecorder().beginTask(identity, undefined).end('done')).toMatchObject({ usage: null, steps: [] });
  });

  test('gets the events with its label and no others', () => {
    const recording = new Recording();
    const [a, b] = ['a', 'b'].map((label) => recording.recorder.beginTask(identity, label));
    recording.feed([
      [0, { type: 'step-started', step: 'compile', task: 'a', detail: '' }],
      [0, { type: 'step-started', step: 'hook', task: 'b', detail: '' }],
      [1, { type: 'step-failed', step: 'hook', task: 'b', seconds: 1 }],
      [1, usage(7, 0, 1, 'b')],
      [1, usage(9, 0, 1, 'c')],
      [1, usage(9, 0, 1)],
      [1, { type: 'note', message: 'x' }],
      [2, { type: 'step-finished', step: 'hook', task: 'a', seconds: 1 }],
    ]);
    expect(a?.end('done')).toMatchObject({ label: 'a', usage: null, steps: [{ step: 'compile', result: 'failed' }] });
    expect(b?.end('done')).toMatchObject({
      ...{ label: 'b', usage: { rss: 7 * MB } },
      steps: [{ step: 'hook', result: 'failed', seconds: 1 }],
    });
  });

  test('has the steps after its end, and its last end counts', () => {
    const recording = new Recording();
    const task = recording.recorder.beginTask(identity, undefined);
    recording.second = 2;
    task.end('failed');
    recording.feed([
      [2, { type: 'step-started', step: 'remove', detail: '' }],
      [5, { type: 'step-finished', step: 'remove', seconds: 3 }],
    ]);
    expect(task.end('done')).toMatchObject({ seconds: 5, result: 'done', steps: [{ step: 'remove', seconds: 3 }] });
  });

  test('ends the events of an earlier task with the same label', () => {
    const { recorder } = new Recording();
    const [earlier, later] = [recorder.beginTask(identity, 'a'), recorder.beginTask(identity, 'a')];
    recorder.take({ type: 'log', task: 'a', location: 'x' });
    expect([earlier.end('done').logs, later.end('done').logs]).toEqual([[], ['x']]);
  });

  test('counts as failed in the record as long as it has not ended', () => {
    const { recorder } = new Recording();
    recorder.beginTask(identity, 'a');
    expect(recorder.read({ program, site: 'home' }, []).tasks).toMatchObject([{ label: 'a', result: 'failed' }]);
  });
});

describe('a package', () => {
  function packagesOf(events: readonly (readonly [number, Event])[], kind = 'image') {
    const recording = new Recording();
    const task = recording.recorder.beginTask({ ...identity, kind }, undefined);
    recording.feed(events);
    task.end('done');
    return recording.recorder.read({ program, site: null }, []).packages;
  }

  test('has its own usage if it was alone', () => {
    expect(
      packagesOf([
        [1, usage(50, 0, 10)],
        [2, emerging('a/a-1')],
        [3, usage(20, 5, 12)],
        [4, usage(10, 30, 15)],
        [5, completed('a/a-1')],
        [6, usage(90, 0, 20)],
      ]),
    ).toEqual([
      {
        cpv: 'a/a-1',
        task: null,
        binary: false,
        started: '2026-01-02T03:04:07.000Z',
        ended: '2026-01-02T03:04:10.000Z',
        seconds: 3,
        phases: [],
        usage: { rss: 20 * MB, shmem: 30 * MB, peak: 40 * MB, processorSeconds: 5, isUpperBound: false },
      },
    ]);
  });

  test('has an upper bound if another package ran at the same time, even between two samples', () => {
    const found = packagesOf([
      [1, emerging('a/a-1')],
      [2, usage(20, 0, 1)],
      [2, emerging('b/b-1')],
      [2, completed('b/b-1')],
      [3, usage(25, 0, 2)],
      [4, completed('a/a-1')],
      [4, emerging('c/c-1')],
      [5, usage(5, 0, 3)],
      [6, completed('c/c-1')],
    ]);
    expect(found.map(({ cpv, usage: used }) => [cpv, used?.isUpperBound])).toEqual([
      ['a/a-1', true],
      ['b/b-1', undefined],
      ['c/c-1', false],
    ]);
  });

  test('has the phases of the status stream with their durations', () => {
    const [found] = packagesOf([
      [1, emerging('a/a-1')],
      [2, running(['a/a-1', 'configure'], ['x/x-1', 'compile'])],
      [3, running(['a/a-1', 'configure'])],
      [5, running(['a/a-1', 'compile'])],
      [9, completed('a/a-1')],
      [10, running(['a/a-1', 'clean'])],
    ]);
    expect(found?.phases).toEqual([
      { phase: 'configure', seconds: 3 },
      { phase: 'compile', seconds: 4 },
    ]);
  });

  test('has no end if Portage did not complete it', () => {
    const [found] = packagesOf([
      [1, emerging('a/a-1')],
      [2, running(['a/a-1', 'compile'])],
    ]);
    expect(found).toMatchObject({ ended: null, seconds: null, phases: [{ phase: 'compile' }] });
  });

  test('counts from its second start if Portage begins it again', () => {
    const found = packagesOf([
      [1, emerging('a/a-1')],
      [5, emerging('a/a-1')],
      [7, completed('a/a-1')],
      [7, completed('b/b-1')],
    ]);
    expect(found).toMatchObject([{ cpv: 'a/a-1', seconds: 2 }]);
  });

  test('from a binary package is recorded, but not if it is a dependency in a container that compiles', () => {
    const events = [
      [1, emerging('a/a-1', { binary: true })],
      [2, completed('a/a-1')],
      [2, emerging('b/b-1')],
    ] as const;
    expect(packagesOf(events).map(({ cpv, binary }) => [cpv, binary])).toEqual([
      ['a/a-1', true],
      ['b/b-1', false],
    ]);
    expect(packagesOf(events, 'packages').map(({ cpv }) => cpv)).toEqual(['b/b-1']);
  });
});

test('a watched report records events and passes them on', async () => {
  const { recorder } = new Recording();
  const task = recorder.beginTask(identity, undefined);
  const passed: Event[] = [];
  const report = recorder.watch(async (event) => void passed.push(event));
  const event = { type: 'log', location: 'x' } as const;
  await report(event);
  expect([passed, task.end('done').logs]).toEqual([[event], ['x']]);
});

test('a record that was written can be read', () => {
  const recording = new Recording();
  const task = recording.recorder.beginTask(identity, undefined);
  recording.feed([
    [1, emerging('a/a-1')],
    [2, usage(1, 2, 3)],
    [3, running(['a/a-1', 'compile'])],
    [4, completed('a/a-1')],
    [5, { type: 'step-started', step: 'emerge', detail: '' }],
  ]);
  task.end('done');
  const failures = recordFailures([new Failure('build-failed', 'failed to emerge a/a', { hint: 'look' })]);
  const target = { name: null, result: 'failed', image: { name: 'x', bytes: 5 }, archive: null } as const;
  const sizes = { installedBytes: 2000, binaryBytes: null };
  const packages = [{ cpv: 'a/a-1', origin: 'compiled', why: 'new', ...sizes } as const];
  const elog = [
    {
      cpv: 'a/a-1',
      time: '2026-01-02T03:04:05.000Z',
      messages: [{ level: 'warn', phase: 'postinst', lines: ['careful'] }],
    },
  ];
  const record = recording.recorder.read({ program, site: null }, [{ ...target, packages, failures, elog }]);
  expect(record.targets[0]?.failures).toEqual([
    { code: 'build-failed', exitStatus: 31, message: 'failed to emerge a/a', hint: 'look' },
  ]);
  expect(readBuildRecord(writeBuildRecord(record))).toEqual({ type: 'read', record });
});
