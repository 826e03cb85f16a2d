import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { chooseReport } from '../../../src/report/choose-report.ts';
import { CapturedStream } from './captured-stream.ts';
import { LiveView, stopTime } from './live-view.ts';

const program = { name: 'zentoo', version: '1.2.3' };
const note = (message: string) => ({ type: 'note', message }) as const;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

test('the live view disappears from a lent terminal and comes back afterwards', async () => {
  stopTime();
  const view = await LiveView.open();
  view.show({ type: 'step-started', step: 'start', detail: '' }, note('before'));
  expect(view.show({ type: 'terminal-lent' })).toEqual(['note: before']);
  expect(view.terminal.cursorVisible).toBe(true);
  expect(view.show(note('meanwhile'))).toEqual(['note: before']);
  vi.advanceTimersByTime(5000);
  expect(view.terminal.text).toEqual(['note: before']);
  void view.report({ type: 'terminal-returned' });
  await vi.waitFor(
    () => {
      vi.advanceTimersByTime(100);
      expect(view.terminal.text).toEqual(['note: before', 'note: meanwhile', '[2/7] start  5s']);
    },
    { timeout: 60_000 },
  );
});

test.each(['text', 'json'] as const)('writes no %s while the terminal is lent', async (logFormat) => {
  const stderr = new CapturedStream();
  const report = await chooseReport({ progress: 'plain', logFormat, stderr, environment: {}, program });
  void report({ type: 'step-started', step: 'start', detail: '' });
  await report({ type: 'terminal-lent' });
  const before = stderr.text;
  expect(before).toContain('start');
  void report(note('meanwhile'));
  vi.advanceTimersByTime(300_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(stderr.text).toBe(before);
  await report({ type: 'terminal-returned' });
  await report(note('after'));
  await report.close();
  expect(stderr.text.slice(before.length)).toMatch(/^[^]*meanwhile[^]*after[^]*$/);
});

test('shows held events at close if the terminal is never returned', async () => {
  const stderr = new CapturedStream();
  const report = await chooseReport({ progress: 'plain', logFormat: 'text', stderr, environment: {}, program });
  void report({ type: 'terminal-lent' });
  void report(note('meanwhile'));
  await report.close();
  expect(stderr.lines).toEqual(['note: meanwhile']);
});
