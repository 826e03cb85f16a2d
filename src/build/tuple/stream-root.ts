import { createWriteStream } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { constants, createZstdCompress } from 'node:zlib';
import type { AttachedExec, Engine, ExecId } from '../../engine/engine.ts';
import { Failure } from '../../failure.ts';
import { keepAliveMs, type BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { syncToDisk } from './archive-files.ts';
import { archiveComplaints, readArchiveEnd } from './root-contents.ts';

/** A connection on which not even a keep-alive byte comes back for so long is half open. */
const halfOpenMs = 6000;
const exitCodePatienceMs = 5000;
const pollMs = 50;
const keptStderr = 64 * 1024;

/**
 * How an attempt ended: `whole` with the bytes of the tar; `cut` when the stream ended before the tar did; `refused` with
 * tar's exit status, which is 1 when files changed while they were read, and what it said.
 */
export type StreamOutcome =
  | { readonly kind: 'whole'; readonly contentSize: number }
  | { readonly kind: 'cut'; readonly cause: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly lines: readonly string[] };

/**
 * Writes the output of a command (`archiveCommand`) to a file, compressed by zstd with a checksum of its contents, and
 * has it on the disk (fsync). It is whole if the command says so, has said how many bytes it wrote, as many have
 * arrived, and its exit code is 0: the end of a stream alone proves nothing. Memory does not grow with the size. Throws the
 * signal's reason, and errors of the file system as Node gives them.
 */
export async function streamRoot(
  { engine, signal }: BuildContext,
  container: BuildContainer,
  command: readonly string[],
  path: string,
): Promise<StreamOutcome> {
  let exec: AttachedExec;
  try {
    exec = await engine.execAttached(container.id, { command });
  } catch (error) {
    return { kind: 'cut', cause: asFault(error) };
  }
  const output = new WatchedOutput(exec);
  const close = () => exec.close();
  signal.addEventListener('abort', close);
  try {
    signal.throwIfAborted();
    await pipeline(output.content(), newCompressor(), createWriteStream(path), { signal });
    await syncToDisk(path);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
    output.end();
  }
  return await judge(engine, exec.id, output, signal);
}

/** Level 3 takes a seventh of level 9's time for a sixth more bytes, on a root with little in it that is compressed. */
function newCompressor() {
  return createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

async function judge(engine: Engine, id: ExecId, output: WatchedOutput, signal: AbortSignal): Promise<StreamOutcome> {
  const end = readArchiveEnd(output.stderr);
  if (end === undefined) return { kind: 'cut', cause: output.fault };
  if (end.status !== 0) return { kind: 'refused', status: end.status, lines: archiveComplaints(output.stderr) };
  if (end.written !== output.bytes) return { kind: 'cut', cause: output.fault };
  const deadline = performance.now() + exitCodePatienceMs;
  try {
    for (;;) {
      // For a moment after its output has ended a process still counts as running.
      const exitCode = await engine.execExitCode(id);
      if (exitCode === 0) return { kind: 'whole', contentSize: output.bytes };
      if (exitCode !== undefined || performance.now() > deadline) return { kind: 'cut', cause: undefined };
      await delay(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'cut', cause: asFault(error) };
  }
}

/** What a connection that broke, or could not be made, means is seen from the container, by the caller. */
function asFault(error: unknown): unknown {
  if (error instanceof Failure && error.code !== 'engine-lost') throw error;
  return error;
}

/** The output of an attached process, on a connection that is kept alive, and given up where it is half open. */
class WatchedOutput {
  bytes = 0;
  fault: unknown;
  /** The end of what was written to standard error. */
  stderr = '';
  private readonly exec: AttachedExec;
  private readonly keepAlive: NodeJS.Timeout;
  private waitingSince = performance.now();

  constructor(exec: AttachedExec) {
    this.exec = exec;
    this.keepAlive = setInterval(() => {
      exec.write(Buffer.from('\n'));
      if (performance.now() - this.waitingSince > halfOpenMs) exec.close();
    }, keepAliveMs);
  }

  /** What comes on standard output. */
  async *content(): AsyncGenerator<Buffer, void> {
    try {
      for await (const { stream, data } of this.exec.output) {
        // While it is being taken by a slow disk, nothing is expected of the connection.
        this.waitingSince = Infinity;
        if (stream === 'stderr') {
          this.stderr = (this.stderr + data.toString('utf8')).slice(-keptStderr);
        } else {
          this.bytes += data.length;
          yield data;
        }
        this.waitingSince = performance.now();
      }
    } catch (error) {
      this.fault = asFault(error);
    }
  }

  end(): void {
    clearInterval(this.keepAlive);
    this.exec.close();
  }
}
