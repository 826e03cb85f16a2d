import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Execs } from './execs.ts';
import type { ExecId } from './identifiers.ts';

/** The engine's exit status of a process whose client is gone; the process may still run (Docker 20.10 and later). */
const clientLost = 126;
const pollMs = 50;

/**
 * Finds the exit status of a process. Returns undefined if it is unknown: the process still runs, the engine has forgotten it,
 * or the connection of its client was cut. The status of a command that could not be started, 126, counts as unknown, too.
 */
export async function findExecStatus(engine: Pick<Execs, 'execExitCode'>, exec: ExecId): Promise<number | undefined> {
  return known(await engine.execExitCode(exec));
}

/**
 * Waits for the exit status after the end of a process's output, because the engine reports the process as running for another
 * moment. Returns undefined if the status is still unknown after `timeoutMs`. Rejects with an `AbortError` if the signal is
 * aborted.
 */
export async function waitForExecStatus(
  engine: Pick<Execs, 'execExitCode'>,
  exec: ExecId,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<number | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const status = await engine.execExitCode(exec);
    if (status !== undefined || performance.now() > deadline) return known(status);
    await delay(pollMs, undefined, signal === undefined ? {} : { signal });
  }
}

function known(status: number | undefined): number | undefined {
  return status === clientLost ? undefined : status;
}
