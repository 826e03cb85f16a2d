import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerId, Engine, ExecRequest } from './engine.ts';

const attempts = 3;
const pauseMs = 300;
/** What the engine says of a process whose client is gone, though it may live on (20.10 and later). */
const clientLost = 126;

/** What a short command printed. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined where the engine does not know it. */
  readonly exitCode: number | undefined;
}

/** A short command. */
export interface CommandRequest extends ExecRequest {
  /**
   * What it reads from its standard input. It has to know how much that is: there may be no end of it while the command
   * runs, and a connection that is cut ends it early.
   */
  readonly input?: Uint8Array;
}

/**
 * Runs a short command that may safely be run twice in a container, and collects what it prints: all of it, or it is run
 * again, as the end of a stream proves nothing about the process. For what may last, see `run-job.ts`.
 */
export async function runCommand(
  engine: Engine,
  container: ContainerId,
  request: CommandRequest,
): Promise<CommandResult> {
  for (let attempt = 1; ; attempt++) {
    const { input, ...process } = request;
    const exec = await engine.execAttached(container, process);
    const sent = input === undefined ? undefined : exec.send(input);
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    try {
      for await (const { stream, data } of exec.output) chunks[stream].push(data);
    } finally {
      exec.close();
    }
    await sent;
    const exitCode = await engine.execExitCode(exec.id);
    const isWhole = exitCode !== undefined && exitCode !== clientLost;
    const textOf = (stream: 'stdout' | 'stderr') => Buffer.concat(chunks[stream]).toString('utf8');
    if (isWhole || attempt === attempts) return { stdout: textOf('stdout'), stderr: textOf('stderr'), exitCode };
    await delay(pauseMs);
  }
}
