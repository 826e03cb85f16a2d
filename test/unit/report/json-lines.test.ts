import { expect, test } from 'vitest';

import { Failure } from '../../../src/failure.ts';
import type { Event } from '../../../src/report/event.ts';
import { openJsonReport } from '../../../src/report/json-lines.ts';
import { openSink } from '../../../src/report/sink.ts';
import { CapturedStream } from './captured-stream.ts';

const program = { name: 'gentoo-builder', version: '1.2.3' };

function render(events: readonly Event[]): Record<string, unknown>[] {
  const stream = new CapturedStream();
  const report = openJsonReport(openSink(stream), program);
  for (const event of events) void report(event);
  return stream.lines.map((line) => {
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    return rest;
  });
}

test('writes each event as one object with its fields', () => {
  const packages = [{ cpv: 'a/b-1', phase: 'compile', elapsed: 3, binary: false }];
  const hint = { hint: 'free some' };
  expect(
    render([
      { type: 'step-started', step: 'emerge', detail: 'a/b' },
      { type: 'note', message: 'made %s' },
      { type: 'warning', message: 'little space', ...hint },
      { type: 'warning', message: 'odd' },
      { type: 'pull', image: 'i', current: 5, total: 10 },
      { type: 'line', step: 'emerge', text: '\x1b[31mred\ud800' },
      { type: 'package', cpv: 'a/b-1', index: 1, total: 2, action: 'emerging' },
      { type: 'running', completed: 0, total: 2, packages },
      { type: 'step-finished', step: 'emerge', seconds: 1.5 },
    ]),
  ).toEqual([
    { level: 'info', event: 'step-started', step: 'emerge', detail: 'a/b', msg: 'emerge started' },
    { level: 'info', event: 'note', msg: 'made %s' },
    { level: 'warn', event: 'warning', msg: 'little space', ...hint },
    { level: 'warn', event: 'warning', msg: 'odd' },
    { level: 'info', event: 'pull', image: 'i', current: 5, total: 10, msg: 'pulling i' },
    { level: 'info', event: 'line', step: 'emerge', msg: '\x1b[31mred\ufffd' },
    { level: 'info', event: 'package', cpv: 'a/b-1', index: 1, total: 2, action: 'emerging', msg: 'emerging a/b-1' },
    { level: 'info', event: 'running', completed: 0, total: 2, packages, msg: 'running a/b-1' },
    { level: 'info', event: 'step-finished', step: 'emerge', seconds: 1.5, msg: 'emerge finished' },
  ]);
});

test('logs a state event only if the state has changed', () => {
  const running = (phase: string, elapsed: number): Event => ({
    type: 'running',
    completed: 0,
    total: 1,
    packages: [{ cpv: 'a/b-1', phase, elapsed, binary: false }],
  });
  const pull = (current: number): Event => ({ type: 'pull', image: 'i', current, total: 100 });
  const entries = render([
    pull(0),
    pull(9),
    pull(10),
    running('unpack', 0),
    running('unpack', 1),
    running('compile', 2),
  ]);
  expect(entries.map(({ event, current, packages }) => ({ event, current, packages }))).toEqual([
    { event: 'pull', current: 0 },
    { event: 'pull', current: 10 },
    { event: 'running', packages: [expect.objectContaining({ phase: 'unpack', elapsed: 0 })] },
    { event: 'running', packages: [expect.objectContaining({ phase: 'compile', elapsed: 2 })] },
  ]);
});

test('logs the task of an event, and detects changes for each task on its own', () => {
  const running = (task: string): Event => ({
    type: 'running',
    task,
    completed: 0,
    total: 1,
    packages: [{ cpv: 'a/b-1', phase: 'compile', elapsed: 1, binary: false }],
  });
  const entries = render([
    { type: 'step-started', step: 'compile', task: 'one', detail: 'for all', estimate: 45 },
    running('one'),
    running('two'),
    running('one'),
    { type: 'package', task: 'one', cpv: 'a/b-1', index: 1, total: 1, action: 'completed' },
    { type: 'line', task: 'one', step: 'compile', text: 'x' },
  ]);
  expect(entries.map(({ event, task }) => [event, task])).toEqual([
    ['step-started', 'one'],
    ['running', 'one'],
    ['running', 'two'],
    ['package', 'one'],
    ['line', 'one'],
  ]);
  expect(entries[0]).toMatchObject({ detail: 'for all', estimate: 45 });
});

test('logs a schedule only if it has changed', () => {
  const schedule = { type: 'schedule', done: 1, total: 4, failed: 0, atWork: 2, remaining: 90 } as const;
  expect(render([schedule, schedule, { ...schedule, done: 2, remaining: 60 }])).toEqual([
    {
      ...{ level: 'info', event: 'schedule', done: 1, total: 4, failed: 0, atWork: 2, remaining: 90 },
      msg: '1 of 4 done, 2 at work, about 1m 30s left',
    },
    expect.objectContaining({ done: 2, msg: '2 of 4 done, 2 at work, about 1m 00s left' }),
  ]);
});

test('logs each failure as an error with code, status, hint, causes and the end of the log', () => {
  const details = { hint: 'mend it', cause: new Error('deep'), logTail: ['one', 'two'] };
  const failures = [new Failure('build-failed', 'failed to build', details), new Failure('disk-space', 'full')];
  expect(render([{ type: 'failed', failures }])).toEqual([
    {
      level: 'error',
      event: 'failed',
      code: 'build-failed',
      exitStatus: 31,
      hint: 'mend it',
      causes: ['deep'],
      logTail: ['one', 'two'],
      msg: 'failed to build',
    },
    { level: 'error', event: 'failed', code: 'disk-space', exitStatus: 15, causes: [], logTail: [], msg: 'full' },
  ]);
});

test('logs a defect as an error with its stack and the version', () => {
  expect(render([{ type: 'defect', error: new TypeError('odd') }])).toEqual([
    {
      level: 'error',
      event: 'defect',
      stack: expect.stringMatching(/^TypeError: odd\n {4}at /),
      program: 'gentoo-builder',
      version: '1.2.3',
      msg: 'odd',
    },
  ]);
});

test('an emitter waits for a slow reader', async () => {
  const stream = new CapturedStream({ waitForReader: true, highWaterMark: 16 });
  const report = openJsonReport(openSink(stream), program);
  const waiting = report({ type: 'note', message: 'more than sixteen characters' });
  expect(waiting).toBeInstanceOf(Promise);
  stream.read();
  await waiting;
  await report.close();
});
