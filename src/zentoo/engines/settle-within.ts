import { setTimeout as delay } from 'node:timers/promises';

/** Waits until work has ended, but not for longer than some milliseconds: an engine that is lost may never answer. */
export async function settleWithin(limitMs: number, work: readonly PromiseLike<unknown>[]): Promise<void> {
  const ended = new AbortController();
  const late = delay(limitMs, undefined, { signal: ended.signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(work), late]);
  ended.abort();
}
