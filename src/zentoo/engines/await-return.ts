import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../../engine/engine.ts';

/** The milliseconds between two questions. */
const intervalMs = 5000;
/** The milliseconds for which a lost engine must answer before it gets orders again. */
export const readyMs = 30_000;

/** Waits until a lost engine has answered for 30 s without a gap. Throws the reason of the signal. */
export async function awaitReturn(engine: Pick<Engine, 'isAnswering'>, signal: AbortSignal): Promise<void> {
  for (let since: number | undefined; since === undefined || performance.now() - since < readyMs;) {
    await delay(intervalMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    const isAnswering = await engine.isAnswering(signal);
    signal.throwIfAborted();
    since = isAnswering ? (since ?? performance.now()) : undefined;
  }
}
