import { vi } from 'vitest';

/**
 * Stands in for `node:timers/promises`, which vitest's fake timers do not reach:
 * `vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises)`.
 */
export const timersPromises = {
  setTimeout: async (ms: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => resolve(value), ms);
    // As Node's own: not with the reason itself.
    const onAbort = (): void => reject(new DOMException('The operation was aborted', 'AbortError'));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  },
};

/** Stands in for `node:perf_hooks` in the same way. */
export const perfHooks = { performance: { now: (): number => performance.now() } };

/** Fakes timers and clocks, `AbortSignal.timeout` with them, until `vi.useRealTimers` and `vi.restoreAllMocks`. */
export function fakeTime(): void {
  vi.useFakeTimers();
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException('timed out', 'TimeoutError')), ms);
    return controller.signal;
  });
}

/** Milliseconds of fake time since then. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}

/** Lets fake time pass, from timer to timer, until the work is done; an hour of it is enough for anything. */
export async function passTime<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  work.then(mark, mark);
  const elapsed = stopwatch();
  while (!done) {
    if (elapsed() > 3_600_000) throw new Error('not done after an hour');
    // What needs no time goes first.
    await vi.advanceTimersByTimeAsync(0);
    if (!done) await vi.advanceTimersToNextTimerAsync();
  }
  return work;
}
