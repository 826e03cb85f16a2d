import type { AttachedExec, ExecRequest, Execs, OutputChunk } from '../engine/execs.ts';
import { waitForExecStatus } from '../engine/exec-status.ts';
import type { ContainerId } from '../engine/identifiers.ts';
import { neverSilent, watchOutput } from '../engine/watch-output.ts';
import { Failure } from '../failure.ts';

/** The time between keep-alive bytes: shorter than the time after which proxies cut a silent connection. */
export const keepAliveMs = 1500;
const statusTimeoutMs = 5000;

/** The process of a {@link WatchedStream}, which is started in a container. */
export interface WatchedProcess {
  readonly engine: Execs;
  readonly container: ContainerId;
  readonly request: ExecRequest;
  /** The signal; when it is aborted, the stream closes the connection. */
  readonly signal: AbortSignal;
}

/**
 * The output of a process over one connection. Keep-alive bytes on standard input keep the connection alive. The process must
 * send the bytes back on standard error, and must not use its standard input otherwise. If no byte comes back, the connection
 * is half open, and the stream closes it.
 */
export class WatchedStream {
  /** The reason why the connection broke or could not be made, if the engine gave one. */
  fault: unknown;
  readonly #process: WatchedProcess;
  readonly #exec: AttachedExec | undefined;
  #isClosed = false;

  private constructor(process: WatchedProcess, opened: { readonly exec: AttachedExec } | { readonly fault: unknown }) {
    this.#process = process;
    this.#exec = 'exec' in opened ? opened.exec : undefined;
    this.fault = 'fault' in opened ? opened.fault : undefined;
  }

  /** Starts the process. If the connection cannot be made, the stream has a fault and no output. */
  static async open(process: WatchedProcess): Promise<WatchedStream> {
    const { engine, container, request } = process;
    try {
      return new WatchedStream(process, { exec: await engine.execAttached(container, request) });
    } catch (error) {
      return new WatchedStream(process, { fault: lossOf(error) });
    }
  }

  /**
   * The output of the process, for one reader. It ends when the connection ends; the process may still run. Throws the
   * signal's reason.
   */
  async *output(): AsyncGenerator<OutputChunk, void> {
    const exec = this.#exec;
    if (exec === undefined) return;
    const { signal } = this.#process;
    const keepAlive = setInterval(() => exec.write(Buffer.from('\n')), keepAliveMs);
    const close = () => this.close();
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    try {
      // Not even a returned keep-alive byte has come if the connection is silent.
      yield* watchOutput(exec, neverSilent);
    } catch (error) {
      this.fault = lossOf(error);
    } finally {
      clearInterval(keepAlive);
      signal.removeEventListener('abort', close);
      this.#isClosed = true;
    }
    signal.throwIfAborted();
  }

  /** Closes the connection; the reader of `output` then reaches its end. */
  close(): void {
    if (!this.#isClosed) this.#exec?.close();
    this.#isClosed = true;
  }

  /**
   * The exit status of the process, after the end of its output; undefined if the engine does not know it. Throws the
   * signal's reason.
   */
  async exitStatus(): Promise<number | undefined> {
    if (this.#exec === undefined) return undefined;
    const { engine, signal } = this.#process;
    try {
      return await waitForExecStatus(engine, this.#exec.id, { timeoutMs: statusTimeoutMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      this.fault = lossOf(error);
      return undefined;
    }
  }
}

/** Returns an error that means a lost connection or a refusal; throws every other failure. */
function lossOf(error: unknown): unknown {
  if (error instanceof Failure && error.code !== 'engine-lost') throw error;
  return error;
}
