import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTimer } from '../../src/long-timer.ts';

const day = 24 * 3600 * 1000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([0, 1000, 2 ** 31 - 1, 2 ** 31, 30 * day, 100 * day])(
  'case 3.3: a timer of %i ms calls once, after that time and not before',
  (delayMs) => {
    const callback = vi.fn();
    startTimer(callback, delayMs);
    vi.advanceTimersByTime(Math.max(0, delayMs - 1));
    if (delayMs > 0) expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  },
);

test.each([0, 20, 29])('case 3.3: a timer of 30 days that is cleared after %i days never calls', (days) => {
  const callback = vi.fn();
  const timer = startTimer(callback, 30 * day);
  vi.advanceTimersByTime(days * day);
  timer.clear();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(100 * day);
  expect(callback).not.toHaveBeenCalled();
});
