import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Failure } from '../../../src/failure.ts';
import type { Event } from '../../../src/report/event.ts';
import { openPlainReport } from '../../../src/report/plain.ts';
import { openSink } from '../../../src/report/sink.ts';
import { CapturedStream } from './captured-stream.ts';

const program = { name: 'gentoo-builder', version: '1.2.3' };

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] }),
);
afterEach(() => void vi.useRealTimers());

function render(events: readonly Event[]): string[] {
  const stream = new CapturedStream();
  const report = openPlainReport(openSink(stream), program);
  for (const event of events) void report(event);
  return stream.lines;
}

test('writes one line for each important event', () => {
  expect(
    render([
      { type: 'step-started', step: 'preconditions', detail: '' },
      { type: 'pull', image: 'gentoo/stage3:latest', current: 0, total: 0 },
      { type: 'pull', image: 'gentoo/stage3:latest', current: 1_000_000, total: 100_000_000 },
      { type: 'pull', image: 'gentoo/stage3:latest', current: 51_000_000, total: 100_000_000 },
      { type: 'pull', image: 'gentoo/stage3:latest', current: 52_000_000, total: 100_000_000 },
      { type: 'pull', image: 'gentoo/stage3:latest', current: 100_000_000, total: 100_000_000 },
      { type: 'step-finished', step: 'preconditions', seconds: 0.234 },
      { type: 'step-started', step: 'emerge', detail: 'net-misc/curl' },
      { type: 'note', message: 'the volume gentoo-binpkgs is made\nand kept' },
      { type: 'warning', message: 'little space is left', hint: 'free some' },
      { type: 'package', cpv: 'net-misc/curl-8', index: 1, total: 1, action: 'emerging' },
      { type: 'line', step: 'emerge', text: '>>> Emerging (1 of 1) net-misc/curl-8::gentoo' },
      {
        type: 'running',
        completed: 0,
        total: 1,
        packages: [{ cpv: 'net-misc/curl-8', phase: 'compile', elapsed: 1, binary: false }],
      },
      { type: 'line', step: 'emerge', text: ' * \x1b[2A\x1b[31mERROR\x1b[0m\x07' },
      { type: 'line', step: 'emerge', text: '' },
      { type: 'step-finished', step: 'emerge', seconds: 72 },
    ]),
  ).toEqual([
    '[1/7] preconditions ...',
    'pulling gentoo/stage3:latest: 0 B',
    'pulling gentoo/stage3:latest: 51 MB of 100 MB',
    'pulling gentoo/stage3:latest: 100 MB of 100 MB',
    '[1/7] preconditions done in 0.2s',
    '[4/7] emerge net-misc/curl ...',
    'note: the volume gentoo-binpkgs is made',
    '  and kept',
    'warning: little space is left',
    '  hint: free some',
    '>>> Emerging (1 of 1) net-misc/curl-8::gentoo',
    ' * ERROR^G',
    '',
    '[4/7] emerge done in 1m 12s',
  ]);
});

test.each([
  ['build-failed', '[3/7] sync failed after 12s'],
  ['interrupted', '[3/7] sync interrupted after 12s'],
  ['terminated', '[3/7] sync terminated after 12s'],
] as const)('a failure with code %s tells which step it ended', (code, line) => {
  const stream = new CapturedStream();
  const report = openPlainReport(openSink(stream), program);
  void report({ type: 'step-started', step: 'sync', detail: '' });
  vi.advanceTimersByTime(12_000);
  void report({ type: 'failed', failures: [new Failure(code, 'failed to sync')] });
  expect(stream.lines).toEqual(['[3/7] sync ...', line, 'gentoo-builder: failed to sync']);
});

test('a defect tells which step it ended, and shows the stack', () => {
  const lines = render([
    { type: 'step-started', step: 'commit', detail: '' },
    { type: 'defect', error: new Error('odd') },
  ]);
  expect(lines[1]).toBe('[6/7] commit failed after 0.0s');
  expect(lines).toContain('  Error: odd');
});

test('names the running steps after a minute of silence', async () => {
  const stream = new CapturedStream();
  const report = openPlainReport(openSink(stream), program);
  void report({ type: 'step-started', step: 'emerge', detail: '' });
  const packages = ['a/a-1', 'b/b-1', 'c/c-1', 'd/d-1'].map((cpv) => ({
    cpv,
    phase: 'compile',
    elapsed: 60,
    binary: false,
  }));
  void report({ type: 'running', completed: 0, total: 4, packages });
  vi.advanceTimersByTime(59_000);
  expect(stream.lines).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  expect(stream.lines.slice(1)).toEqual([
    '[4/7] emerge still running after 1m 00s: a/a-1 compile 2m 00s, b/b-1 compile 2m 00s, c/c-1 compile 2m 00s, and 1 more',
  ]);
  vi.advanceTimersByTime(60_000);
  expect(stream.lines).toHaveLength(3);
  await report.close();
  vi.advanceTimersByTime(600_000);
  expect(stream.lines).toHaveLength(3);
});

test('puts the task in front of each line if several tasks run', () => {
  expect(
    render([
      { type: 'step-started', step: 'compile', task: 'one:a/a-1', detail: 'for x, y', estimate: 45 },
      { type: 'step-started', step: 'compile', task: 'two:b/b-1', detail: '' },
      { type: 'line', step: 'compile', task: 'one:a/a-1', text: '>>> Emerging (1 of 1) a/a-1::gentoo' },
      { type: 'line', step: 'compile', task: 'two:b/b-1', text: ' * \x1b[31mERROR' },
      { type: 'step-failed', step: 'compile', task: 'two:b/b-1', seconds: 3 },
    ]),
  ).toEqual([
    'one:a/a-1: compile for x, y ...',
    'two:b/b-1: compile ...',
    'one:a/a-1 | >>> Emerging (1 of 1) a/a-1::gentoo',
    'two:b/b-1 |  * ERROR',
    'two:b/b-1: compile failed after 3.0s',
  ]);
});

test('writes a schedule at each tenth, growth and failure', () => {
  const schedule = (done: number, total: number, failed = 0, remaining?: number): Event => ({
    ...{ type: 'schedule', done, total, failed, atWork: 2 },
    ...(remaining === undefined ? {} : { remaining }),
  });
  expect(
    render([
      schedule(0, 3),
      schedule(1, 3),
      schedule(1, 60),
      ...[2, 3, 4, 5].map((done) => schedule(done, 60)),
      schedule(6, 60, 0, 249.2),
      schedule(6, 60, 1),
      schedule(7, 60, 1),
      schedule(59, 60, 1, 0),
    ]),
  ).toEqual([
    '1 of 3 done, 2 at work',
    '1 of 60 done, 2 at work',
    '6 of 60 done, 2 at work, about 4m 10s left',
    '6 of 60 done, 1 failed, 2 at work',
    '59 of 60 done, 1 failed, 2 at work',
  ]);
});

test('writes the schedule of another graph from its beginning, after one that was further', () => {
  const schedule = (done: number, total: number): Event => ({ type: 'schedule', done, total, failed: 0, atWork: 1 });
  expect(render([schedule(9, 9), schedule(0, 4), schedule(1, 4), schedule(1, 4), schedule(2, 4)])).toEqual([
    '9 of 9 done, 1 at work',
    '1 of 4 done, 1 at work',
    '2 of 4 done, 1 at work',
  ]);
});

test('tells after a minute of silence the overall progress, and each task with its packages', () => {
  const stream = new CapturedStream();
  const report = openPlainReport(openSink(stream), program);
  const atWork = (cpv: string) => [{ cpv, phase: 'compile', elapsed: 0, binary: false }];
  void report({ type: 'schedule', done: 12, total: 57, failed: 2, atWork: 2, remaining: 250 });
  void report({ type: 'step-started', step: 'compile', task: 'one', detail: '', estimate: 45 });
  void report({ type: 'step-started', step: 'archive', task: 'two', detail: '' });
  void report({ type: 'running', task: 'one', completed: 0, total: 4, packages: atWork('a/a-1') });
  void report({ type: 'running', task: 'three', completed: 0, total: 4, packages: atWork('b/b-1') });
  const before = stream.lines.length;
  vi.advanceTimersByTime(60_000);
  expect(stream.lines.slice(before)).toEqual([
    '12 of 57 done, 2 failed, 2 at work, about 3m 10s left',
    'one: compile still running after 1m 00s of about 45s: a/a-1 compile 1m 00s',
    'two: archive still running after 1m 00s',
  ]);
});

test('an emitter waits for a slow reader', async () => {
  const stream = new CapturedStream({ waitForReader: true, highWaterMark: 16 });
  const report = openPlainReport(openSink(stream), program);
  const waiting = report({ type: 'line', step: 'emerge', text: 'more than sixteen characters' });
  expect(waiting).toBeInstanceOf(Promise);
  stream.read();
  await waiting;
  await report.close();
});

test('shows the end of a log only if its lines were not just printed', () => {
  const failure = (line: string) => new Failure('build-failed', 'failed to emerge a/b-1', { logTail: [line] });
  const printed: Event = { type: 'line', step: 'emerge', text: ' * ERROR: a/b-1 failed' };
  const after = (tail: string) => render([printed, { type: 'failed', failures: [failure(tail)] }]);
  expect(after(' * ERROR: a/b-1 failed')).toEqual([' * ERROR: a/b-1 failed', 'gentoo-builder: failed to emerge a/b-1']);
  expect(after('make: *** Error 1')).toContain('make: *** Error 1');
  const ofTask = render([
    { ...printed, task: 'one' },
    { type: 'failed', failures: [failure(' * ERROR: a/b-1 failed')] },
  ]);
  expect(ofTask).toEqual(['one |  * ERROR: a/b-1 failed', 'gentoo-builder: failed to emerge a/b-1']);
});
