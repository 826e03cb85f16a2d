import type { TimerOptions } from 'node:timers';
import { syncBuiltinESMExports } from 'node:module';
import perfHooks from 'node:perf_hooks';
import timersPromises, { setImmediate as nextTurn } from 'node:timers/promises';
import { vi } from 'vitest';

const real = { performance: perfHooks.performance, delay: timersPromises.setTimeout };

/** Stands in for the promise of `node:timers/promises`, which vitest's fake timers do not reach. */
async function fakeDelay<T>(ms?: number, value?: T, { signal }: TimerOptions = {}): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  // As Node's own: not with the reason itself.
  const onAbort = (): void => reject(new DOMException('The operation was aborted', 'AbortError'));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    await promise;
    return value as T;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * Fakes timers and clocks until `restoreTime`: the global ones, `AbortSignal.timeout`, and those that Node's modules
 * export. It changes the exports of Node's modules in place, which works for modules that are loaded already.
 */
export function fakeTime(): void {
  vi.useFakeTimers();
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException('timed out', 'TimeoutError')), ms);
    return controller.signal;
  });
  replaceExports({ performance: globalThis.performance, delay: fakeDelay });
}

/** Ends `fakeTime` and all spies. */
export function restoreTime(): void {
  replaceExports(real);
  vi.useRealTimers();
  vi.restoreAllMocks();
}

/** Whether this process has asked the system to open, read, write or close a file, and has no answer yet. */
function isUsingFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => /^(?:FSReq|CloseReq)/.test(name));
}

function replaceExports({ performance, delay }: typeof real): void {
  Object.assign(perfHooks, { performance });
  Object.assign(timersPromises, { setTimeout: delay });
  syncBuiltinESMExports();
}

/** Returns a function that measures the milliseconds of fake time since this call. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}

/**
 * Lets fake time pass, from timer to timer, until the work is done; an hour of it is enough for anything. No fake time passes while a
 * file is read or written, which takes real time.
 */
export async function passTime<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  work.then(mark, mark);
  const elapsed = stopwatch();
  while (!done) {
    if (elapsed() > 3_600_000) throw new Error('not done after an hour');
    // Work that needs no time comes first.
    await vi.advanceTimersByTimeAsync(0);
    if (isUsingFiles()) await nextTurn();
    else if (!done) await vi.advanceTimersToNextTimerAsync();
  }
  return work;
}
