import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Failure } from '../../../src/failure.ts';
import { chooseReport } from '../../../src/report/choose-report.ts';
import type { Event } from '../../../src/report/event.ts';
import { CapturedStream } from './captured-stream.ts';
import { LiveView, stopTime } from './live-view.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const emergeStarted: Event = { type: 'step-started', step: 'emerge', detail: 'net-misc/curl' };

function line(text: string): Event {
  return { type: 'line', step: 'emerge', text };
}
function running(...packages: [cpv: string, phase: string, elapsed: number, binary?: boolean][]): Event {
  const all = packages.map(([cpv, phase, elapsed, binary = false]) => ({ cpv, phase, elapsed, binary }));
  return { type: 'running', completed: 0, total: 5, packages: all };
}

test('draws a whole run, frame by frame', async () => {
  const view = await LiveView.open();
  expect(view.show({ type: 'step-started', step: 'preconditions', detail: '' })).toEqual(['[1/7] preconditions  0s']);
  expect(view.terminal.cursorVisible).toBe(false);
  expect(
    view.show(
      { type: 'step-finished', step: 'preconditions', seconds: 0.21 },
      { type: 'note', message: 'the volume gentoo-binpkgs is made' },
      emergeStarted,
      { type: 'package', cpv: 'sys-libs/zlib-1.3.1', index: 1, total: 2, action: 'emerging' },
      line('>>> Emerging (1 of 2) sys-libs/zlib-1.3.1::gentoo'),
    ),
  ).toEqual([
    '[1/7] preconditions  0.2s',
    'note: the volume gentoo-binpkgs is made',
    '[4/7] emerge net-misc/curl  package 1 of 2  0s',
    '      sys-libs/zlib-1.3.1  0s',
    '      | >>> Emerging (1 of 2) sys-libs/zlib-1.3.1::gentoo',
  ]);
  vi.advanceTimersByTime(12_000);
  expect(
    view.show(
      { type: 'package', cpv: 'sys-libs/zlib-1.3.1', index: 1, total: 2, action: 'completed' },
      { type: 'package', cpv: 'net-misc/curl-8', index: 2, total: 2, action: 'emerging' },
      line(' * Messages for package net-misc/curl-8:'),
    ),
  ).toEqual([
    '[1/7] preconditions  0.2s',
    'note: the volume gentoo-binpkgs is made',
    '      sys-libs/zlib-1.3.1  1 of 2 completed  12s',
    ' * Messages for package net-misc/curl-8:',
    '[4/7] emerge net-misc/curl  package 2 of 2  12s',
    '      net-misc/curl-8  0s',
    '      | >>> Emerging (1 of 2) sys-libs/zlib-1.3.1::gentoo',
  ]);
  void view.report({ type: 'step-finished', step: 'emerge', seconds: 72.3 });
  await view.report.close();
  expect(view.terminal.text).toEqual([
    '[1/7] preconditions  0.2s',
    'note: the volume gentoo-binpkgs is made',
    '      sys-libs/zlib-1.3.1  1 of 2 completed  12s',
    ' * Messages for package net-misc/curl-8:',
    '[4/7] emerge net-misc/curl  1m 12s',
  ]);
  expect(view.terminal).toMatchObject({ cursorVisible: true, cursor: { row: 5, column: 0 }, wraps: 0, overshoots: 0 });
});

test('shows running packages in columns, and their time advances between events', async () => {
  const view = await LiveView.open();
  view.show(emergeStarted, running(['sys-libs/zlib-1.3.1', 'compile', 58], ['net-misc/curl-8', 'merge', 3, true]));
  vi.advanceTimersByTime(3000);
  expect(view.terminal.text).toEqual([
    '[4/7] emerge net-misc/curl  package 0 of 5  3s',
    '      sys-libs/zlib-1.3.1  compile  1m 01s',
    '      net-misc/curl-8      merge    6s  from a binary pa...',
  ]);
});

test('shows a bar for a pull as soon as its size is known', async () => {
  const view = await LiveView.open({ columns: 80 });
  const pull = (current: number, total: number): Event => ({ type: 'pull', image: 'gentoo/stage3', current, total });
  view.show({ type: 'step-started', step: 'preconditions', detail: '' });
  expect(view.show(pull(700, 0))[1]).toBe('      700 B pulled of gentoo/stage3');
  expect(view.show(pull(25e6, 1e8))[1]).toBe('      [#####---------------] 25 MB of 100 MB  gentoo/stage3');
  expect(view.show(pull(2e8, 1e8))[1]).toBe('      [####################] 200 MB of 100 MB  gentoo/stage3');
  expect(view.show({ type: 'step-finished', step: 'preconditions', seconds: 9 })).toEqual([
    '[1/7] preconditions  9.0s',
  ]);
});

test('shows the most important lines on a small terminal', async () => {
  const view = await LiveView.open({ columns: 30, rows: 5 });
  view.show({ ...emergeStarted, detail: 'net-misc/curl app-text/tree' }, line('one'), line('two'));
  expect(view.show(running(['a/a-1', 'compile', 1], ['b/b-1', '', 1]))).toEqual([
    '[4/7] emerge  package 0 of...',
    '      a/a-1  compile  1s',
    '      b/b-1           1s',
    '      | two',
  ]);
  view.show(
    running(...['a', 'b', 'c', 'd', 'e'].map((name): [string, string, number] => [`${name}/${name}-1`, '', 1])),
  );
  expect(view.terminal.text).toEqual([
    '[4/7] emerge  package 0 of...',
    '      a/a-1  1s',
    '      b/b-1  1s',
    '      and 3 more',
  ]);
});

test('counts wide characters by cells', async () => {
  const view = await LiveView.open({ columns: 21 });
  expect(view.show(emergeStarted, line('日本語日本語日本語'))).toEqual(['[4/7] emerge  0s', '      | 日本語日...']);
  expect(view.terminal.wraps).toBe(0);
});

test('keeps important lines of Portage, and no others', async () => {
  const view = await LiveView.open();
  const texts = [
    '!!! All ebuilds are masked',
    '>>> Jobs: 1 of 2',
    ' * IMPORTANT: 3 news items',
    ' * checking x ... [ ok ]',
    ' *',
  ];
  view.show(emergeStarted, ...texts.map(line), line('\x1b[33m * \x1b[0mcoloured\x1b[5A'));
  await view.report.close();
  expect(view.terminal.text).toEqual(['!!! All ebuilds are masked', ' * IMPORTANT: 3 news items', ' * coloured']);
});

test('shows kept lines in full, also if they are wider than the terminal', async () => {
  const view = await LiveView.open({ columns: 20 });
  view.show(emergeStarted);
  view.show({ type: 'warning', message: 'a rather long warning', hint: 'mend it' });
  await view.report.close();
  expect(view.terminal.text).toEqual(['warning: a rather lo', 'ng warning', '  hint: mend it']);
});

test('a failure erases the frame and tells which step it ended', async () => {
  const view = await LiveView.open();
  view.show(emergeStarted, running(['a/a-1', 'compile', 1]));
  vi.advanceTimersByTime(5000);
  const failure = new Failure('build-failed', 'failed to build a/a-1', { hint: 'look', logTail: ['error'] });
  view.show({ type: 'failed', failures: [failure] });
  const shown = [
    '[4/7] emerge failed after 5.1s',
    '----- last line of the log ---------------------------------',
    'error',
    '----- end of the log ---------------------------------------',
    'gentoo-builder: failed to build a/a-1',
    '  hint: look',
  ];
  expect(view.terminal.text).toEqual(shown);
  await view.report.close();
  expect(view.terminal.text).toEqual(shown);
});

test('redraws at most ten times a second, and once a second without events', async () => {
  const view = await LiveView.open();
  view.show(emergeStarted);
  const drawn = view.terminal.writes;
  for (let n = 1; n <= 1000; n += 1) {
    void view.report(line(`line ${n}`));
    vi.advanceTimersByTime(1);
  }
  expect(view.terminal.writes - drawn).toBe(11);
  expect(view.terminal.text.at(-1)).toBe('      | line 1000');
  const busy = view.terminal.writes;
  vi.advanceTimersByTime(10_000);
  expect(view.terminal.writes - busy).toBe(10);
});

test('writes nothing while no step runs', async () => {
  const view = await LiveView.open();
  view.show({ type: 'note', message: 'before the first step' });
  const { writes } = view.terminal;
  vi.advanceTimersByTime(60_000);
  expect(view.terminal.writes).toBe(writes);
});

test('writes many kept lines before they fill the memory', async () => {
  const view = await LiveView.open();
  for (let n = 0; n < 2001; n += 1) void view.report(line(`!!! ${n}`));
  expect(view.terminal.text).toHaveLength(2001);
  await view.report.close();
  expect(view.terminal.text).toHaveLength(2001);
});

test.each([
  [30, '[4/7] emerge net-misc/...  1s', '      | a line of more tha...'],
  [50, '[4/7] emerge net-misc/curl  1s', '      | a line of more than thirty characters'],
  [120, '[4/7] emerge net-misc/curl  1s', '      | a line of more than thirty characters'],
])('redraws without remains after a resize to %d columns', async (columns, step, output) => {
  const view = await LiveView.open({ columns: 60, rows: 20 });
  view.show({ type: 'note', message: 'stays' }, emergeStarted, line('a line of more than thirty characters'));
  view.terminal.resize(columns);
  vi.advanceTimersByTime(1000);
  expect(view.terminal.text).toEqual(['note: stays', step, output]);
});

test('shows no event after close', async () => {
  const view = await LiveView.open();
  view.show(emergeStarted);
  await view.report.close();
  view.show({ type: 'note', message: 'late' });
  await view.report.close();
  vi.advanceTimersByTime(10_000);
  expect(view.terminal.text).toEqual([]);
});

test('a terminal that becomes narrow and wide again loses nothing', async () => {
  const view = await LiveView.open({ columns: 60, rows: 20 });
  view.show(
    { type: 'note', message: 'stays' },
    emergeStarted,
    ...['one', 'two', 'three'].map((text) => line(text.padEnd(40, '.'))),
  );
  view.terminal.resize(30);
  vi.advanceTimersByTime(1000);
  view.terminal.resize(60);
  vi.advanceTimersByTime(1000);
  await view.report.close();
  expect(view.terminal.text).toEqual(['note: stays']);
});

test('keeps the phase that the status stream gave for a package', async () => {
  const view = await LiveView.open();
  view.show(emergeStarted, running(['a/a-1', 'unpack', 7]));
  view.show({ type: 'package', cpv: 'a/a-1', index: 1, total: 5, action: 'emerging' });
  expect(view.terminal.text[1]).toBe('      a/a-1  unpack  7s');
});

test('a step starts without the last lines of the previous step', async () => {
  const view = await LiveView.open();
  view.show(emergeStarted, line('one'), { type: 'step-finished', step: 'emerge', seconds: 1 });
  expect(view.show({ type: 'step-started', step: 'stop', detail: '' })).toEqual([
    '[4/7] emerge net-misc/curl  1.0s',
    '[5/7] stop  0s',
  ]);
});

test('does not redraw an unchanged frame', async () => {
  const view = await LiveView.open();
  view.show(emergeStarted, running(['a/a-1', 'unpack', 7.2]));
  const { writes } = view.terminal;
  view.show(running(['a/a-1', 'unpack', 7.3]));
  expect(view.terminal.writes).toBe(writes);
});

test('draws no frames for a slow reader, and writes all kept lines at the end', async () => {
  const stderr = Object.assign(new CapturedStream({ waitForReader: true, highWaterMark: 1 }), { isTTY: true });
  const program = { name: 'gentoo-builder', version: '1.2.3' };
  const report = await chooseReport({ progress: 'auto', logFormat: 'text', stderr, environment: {}, program });
  const waiting = report(emergeStarted);
  expect(waiting).toBeInstanceOf(Promise);
  const begun = stderr.writableLength;
  expect(report({ type: 'note', message: 'stays' })).toBe(waiting);
  vi.advanceTimersByTime(60_000);
  expect(stderr.writableLength).toBe(begun);
  stderr.read();
  await waiting;
  vi.advanceTimersByTime(100);
  expect(stderr.text).toContain('note: stays\n');
  await report.close();
});

test('draws no frame for a slow reader that catches up after close', async () => {
  const stderr = Object.assign(new CapturedStream({ waitForReader: true, highWaterMark: 1 }), { isTTY: true });
  const program = { name: 'gentoo-builder', version: '1.2.3' };
  const report = await chooseReport({ progress: 'auto', logFormat: 'text', stderr, environment: {}, program });
  void report(emergeStarted);
  const closing = report.close();
  stderr.read();
  await closing;
  await new Promise(setImmediate);
  vi.advanceTimersByTime(10_000);
  expect(stderr.text.endsWith('\x1b[?25h')).toBe(true);
});
