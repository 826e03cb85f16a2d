import type { AttachedExec, Execs, OutputChunk } from './execs.ts';
import { unlessRunning, watchOutput } from './watch-output.ts';

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
 * brings no byte and does not end, although the engine says that the process has ended, or although half an hour has passed.
 * Unlike `container/watched-stream.ts`, the process need not send keep-alive bytes back, so the function works for every
 * command. `onChunk` receives each piece of output as it comes.
 */
export async function readOutput(
  engine: Pick<Execs, 'execExitCode'>,
  exec: AttachedExec,
  onChunk: (chunk: OutputChunk) => void = () => undefined,
): Promise<WholeOutput | undefined> {
  const chunks: Record<OutputChunk['stream'], Buffer[]> = { stdout: [], stderr: [] };
  const hasEnded = unlessRunning(engine, exec);
  const output = watchOutput(exec, async (silentMs) => (await hasEnded(silentMs)) || silentMs >= longestSilenceMs);
  for (;;) {
    const next = await output.next();
    if (next.done === true) {
      if (next.value === 'half-open') return undefined;
      break;
    }
    chunks[next.value.stream].push(next.value.data);
    onChunk(next.value);
  }
  const textOf = (stream: OutputChunk['stream']) => Buffer.concat(chunks[stream]).toString('utf8');
  return { stdout: textOf('stdout'), stderr: textOf('stderr') };
}
