import { setTimeout as delay } from 'node:timers/promises';
import type { AttachedExec, Execs } from './execs.ts';

/** If a connection brings no byte for this time, {@link watchOutput} asks whether it is half open. */
const silenceMs = 6000;

/** What a connection brings, and what closes it: an attached process, or an answer of the engine. */
export interface WatchedConnection<Piece> {
  readonly output: AsyncIterable<Piece>;
  close(): void;
}

/** Decides whether a connection that brought no byte for `silentMs` is half open. */
export type HalfOpenRule = (silentMs: number) => boolean | Promise<boolean>;

/** The rule for a process that sends a byte back more often than every {@link silenceMs}: silence means half open. */
export const neverSilent: HalfOpenRule = () => true;

/**
 * The rule for a process that may be silent: its connection is half open if the engine says over another connection that the
 * process has ended. The rest of the output has one more pause to arrive in.
 */
export function unlessRunning(engine: Pick<Execs, 'execExitCode'>, { id }: AttachedExec): HalfOpenRule {
  let hasEnded = false;
  return async () => {
    if (hasEnded) return true;
    hasEnded = (await engine.execExitCode(id)) !== undefined;
    return false;
  };
}

/**
 * Reads what a connection brings piece by piece, and closes the connection at the end. If an engine or a proxy is gone, a
 * connection may be half open: it brings no byte and does not end. Every reader of an attached process or of an archive therefore
 * reads through this function. Only silence while the reader waits counts. Returns `half-open` if the rule says so, otherwise
 * `ended`. Throws the errors of the connection and of the rule.
 */
export async function* watchOutput<Piece>(
  connection: WatchedConnection<Piece>,
  isHalfOpen: HalfOpenRule,
): AsyncGenerator<Piece, 'ended' | 'half-open'> {
  const reader = connection.output[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await unlessHalfOpen(reader.next(), isHalfOpen);
      if (next === undefined) return 'half-open';
      if (next.done === true) return 'ended';
      yield next.value;
    }
  } finally {
    connection.close();
  }
}

/** Awaits the next piece of output; undefined if the connection is half open. */
async function unlessHalfOpen<T>(next: Promise<T>, isHalfOpen: HalfOpenRule): Promise<T | undefined> {
  // Nobody awaits it after the connection is given up.
  next.catch(() => undefined);
  const settling = next.then((value) => ({ value }));
  settling.catch(() => undefined);
  for (let silentMs = silenceMs; ; silentMs += silenceMs) {
    const pause = new AbortController();
    const silence = delay(silenceMs, undefined, { signal: pause.signal });
    silence.catch(() => undefined);
    try {
      const settled = await Promise.race([settling, silence]);
      if (settled !== undefined) return settled.value;
    } finally {
      pause.abort();
    }
    if (await isHalfOpen(silentMs)) return undefined;
  }
}
