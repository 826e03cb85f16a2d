import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import type { Execs, ExecRequest, OutputChunk } from './execs.ts';
import { findExecStatus } from './exec-status.ts';
import type { ContainerId } from './identifiers.ts';
import { readOutput } from './read-output.ts';

const attempts = 3;
const pauseMs = 300;

/** The output and the exit code of a short command. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; undefined if the engine does not know it: see `exec-status.ts`. */
  readonly exitCode: number | undefined;
}

/** A short command. */
export interface CommandRequest extends ExecRequest {
  /**
   * The bytes of its standard input. The command has to know their number: its input may have no end while the command
   * runs, and a connection that is cut ends the input early.
   */
  readonly input?: Uint8Array;
  /** Receives each piece of output as it comes: for a command that may wait for a long time. */
  readonly onChunk?: (chunk: OutputChunk) => void;
}

/** Runs short commands in one running container. */
export interface CommandRunner {
  /** Runs a short command that may run twice, and returns its whole output: see {@link runCommand}. */
  readonly run: (request: CommandRequest) => Promise<CommandResult>;
}

/** Creates the runner of a container. A build container needs none, because its session is one. */
export function commandsIn(engine: Execs, container: ContainerId): CommandRunner {
  return { run: (request) => runCommand(engine, container, request) };
}

/**
 * Runs a short command in a container and returns its whole output. If the exit status is unknown after the end of the
 * stream, or if the connection is half open (see {@link readOutput}), the command runs again, so it must be safe to run
 * twice. Throws `engine-lost` if the connection is half open at each attempt. For long commands, see `run-job.ts`.
 */
async function runCommand(engine: Execs, container: ContainerId, request: CommandRequest): Promise<CommandResult> {
  for (let attempt = 1; ; attempt++) {
    const { input, onChunk, ...process } = request;
    const exec = await engine.execAttached(container, process);
    const sent = input === undefined ? undefined : exec.send(input);
    const output = await readOutput(engine, exec, onChunk);
    if (output !== undefined) {
      await sent;
      const exitCode = await findExecStatus(engine, exec.id);
      if (exitCode !== undefined || attempt === attempts) return { ...output, exitCode };
    } else if (attempt === attempts) throw halfOpen(request);
    await delay(pauseMs);
  }
}

function halfOpen({ command }: CommandRequest): Failure {
  return new Failure('engine-lost', `failed to run ${command[0] ?? ''} in a container: its connection is half open`, {
    hint: 'check whether a proxy between this program and the engine loses connections, then run again',
  });
}
