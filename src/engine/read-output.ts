import { setTimeout as delay } from 'node:timers/promises';
import type { AttachedExec, Execs, OutputChunk } from './execs.ts';

/** If a connection brings no byte for this time, {@link readOutput} asks the engine whether the process still runs. */
const silenceMs = 6000;
/**
 * If a connection brings no byte for this time, it counts as half open, even if the engine says that the process still runs. A
 * shorter silence is normal: the process may wait for the lock of an ebuild repository.
 */
const longestSilenceMs = 30 * 60_000;

/** The whole output of a process. */
export interface WholeOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Reads the output of a process to its end and closes the connection. Returns undefined if the connection is half open: it
 * brings no byte and does not end, although the engine says over another connection that the process has ended, or although
 * half an hour has passed. Unlike `container/watched-stream.ts`, the process need not send keep-alive bytes back, so the
 * function works for every command. `onChunk` receives each piece of output as it comes.
 */
export async function readOutput(
  engine: Pick<Execs, 'execExitCode'>,
  exec: AttachedExec,
  onChunk: (chunk: OutputChunk) => void = () => undefined,
): Promise<WholeOutput | undefined> {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const reader = exec.output[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await unlessHalfOpen(engine, exec, reader.next());
      if (next === undefined) return undefined;
      if (next.done === true) break;
      chunks[next.value.stream].push(next.value.data);
      onChunk(next.value);
    }
  } finally {
    exec.close();
  }
  const textOf = (stream: OutputChunk['stream']) => Buffer.concat(chunks[stream]).toString('utf8');
  return { stdout: textOf('stdout'), stderr: textOf('stderr') };
}

/** Awaits the next piece of output; undefined if the connection is half open. */
async function unlessHalfOpen<T>(
  engine: Pick<Execs, 'execExitCode'>,
  { id }: AttachedExec,
  next: Promise<T>,
): Promise<T | undefined> {
  // Nobody awaits it after the connection is given up.
  next.catch(() => undefined);
  let hasEnded = false;
  for (let silent = 0; silent < longestSilenceMs; silent += silenceMs) {
    const pause = new AbortController();
    const silence = delay(silenceMs, undefined, { signal: pause.signal });
    silence.catch(() => undefined);
    try {
      const settled = await Promise.race([next.then((value) => ({ value })), silence]);
      if (settled !== undefined) return settled.value;
    } finally {
      pause.abort();
    }
    // The rest of the output had one more pause to arrive in.
    if (hasEnded) return undefined;
    hasEnded = (await engine.execExitCode(id)) !== undefined;
  }
  return undefined;
}
