import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { AttachedExec } from '../engine/execs.ts';
import { EngineRefusal } from '../engine/refusal.ts';
import { Failure } from '../failure.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { waitForExecStatus } from '../engine/exec-status.ts';
import { unlessRunning, type HalfOpenRule } from '../engine/watch-output.ts';
import { hangUpCommand, shellCommand, shellStatusCommand } from './shell-scripts.ts';
import { connectTerminal } from './connect-terminal.ts';
import type { Terminal } from './terminal.ts';

/** A command that {@link runShell} runs at a terminal. */
export interface ShellRequest {
  readonly terminal: Terminal;
  readonly command: readonly string[];
  /** Variables to add to the environment of the container and of the terminal. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

/** The time that the engine has to start the hang-up once the terminal is gone. */
const hangUpMs = 10_000;
/** The time that a shell has from then on, to write its history and to end its jobs. */
const graceMs = 3000;
const pause = (ms: number): Promise<void> => delay(ms, undefined, { ref: false });
const statusTimeoutMs = 1000;

/**
 * Runs a command in the container at the user's terminal, and resolves to its exit status. If standard input is a terminal, the
 * command gets a separate terminal, as with `docker run -it`: keys, signals, sizes and output pass unchanged. At the end the
 * user's terminal has its former modes again. Otherwise the command gets the program's three streams, as with `docker run -i`.
 * The report prints nothing while the command runs.
 *
 * If the signal is aborted or the terminal is closed, the command is hung up. Throws the signal's reason, or a `Failure`:
 * `engine-lost` if the connection is cut, `container-lost` if the container stops, and `terminated` if the terminal is closed
 * and the command does not end.
 */
export async function runShell(session: ContainerSession, request: ShellRequest): Promise<number> {
  const { report, signal } = session;
  signal.throwIfAborted();
  const name = `shell-${randomBytes(4).toString('hex')}`;
  await report({ type: 'terminal-lent' });
  try {
    const { exec, isHungUp } = await runAtTerminal(session, name, request);
    signal.throwIfAborted();
    const status = await findStatus(session, name, exec);
    if (status === undefined) throw isHungUp ? closedTerminal() : cutConnection();
    return status;
  } finally {
    await report({ type: 'terminal-returned' });
  }
}

async function runAtTerminal(
  session: ContainerSession,
  name: string,
  { terminal, command, environment, workingDirectory }: ShellRequest,
): Promise<{ readonly exec: AttachedExec; readonly isHungUp: boolean }> {
  const { engine, signal } = session;
  const tty = terminal.isInteractive;
  if (tty) terminal.setRaw(true);
  try {
    const size = terminal.size();
    const exec = await engine.execAttached(session.id, {
      command: shellCommand(name, tty ? size : undefined, command),
      environment: { ...session.environment, ...terminal.environment, ...environment },
      ...(workingDirectory === undefined ? {} : { workingDirectory }),
      tty,
    });
    const hangUp = (): void => {
      // A process that ignores the hang-up ends with the container.
      const started = session.start({ command: hangUpCommand() }).catch(() => undefined);
      void Promise.race([started, pause(hangUpMs)])
        .then(() => pause(graceMs))
        .then(() => exec.close());
    };
    const resize = tty ? () => engine.resizeExec(exec.id, terminal.size()) : undefined;
    const isHalfOpen = unlessShellRuns(session, exec);
    const isHungUp = await connectTerminal(terminal, exec, { size, resize, hangUp, isHalfOpen, signal });
    return { exec, isHungUp };
  } finally {
    if (tty) terminal.setRaw(false);
  }
}

/**
 * The rule for a shell, which may be silent for days: its connection is half open if the shell has ended or its container has
 * stopped. If the engine does not answer, the rule keeps the connection.
 */
function unlessShellRuns(session: ContainerSession, exec: AttachedExec): HalfOpenRule {
  const hasEnded = unlessRunning(session.engine, exec);
  return async (silentMs) => {
    try {
      return (await hasEnded(silentMs)) || (await session.findLoss('run the shell')) !== undefined;
    } catch {
      return false;
    }
  };
}

/**
 * Reads the exit status that the command wrote to the work volume; the status of the engine is unreliable if a connection was
 * cut. Returns undefined while the command runs. Throws a `Failure` `container-lost` if the container stopped.
 */
async function findStatus(session: ContainerSession, name: string, { id }: AttachedExec): Promise<number | undefined> {
  try {
    const { stdout } = await session.run({ command: shellStatusCommand(name) });
    if (/^\d+\n$/.test(stdout)) return Number(stdout);
    const status = await waitForExecStatus(session.engine, id, { timeoutMs: statusTimeoutMs });
    if (status !== undefined) return status;
  } catch (error) {
    const isLoss = error instanceof EngineRefusal || (error instanceof Failure && error.code === 'engine-lost');
    if (!isLoss) throw error;
    throw (await session.findLoss('run the shell')) ?? error;
  }
  const loss = await session.findLoss('run the shell');
  if (loss !== undefined) throw loss;
  return undefined;
}

function closedTerminal(): Failure {
  return new Failure('terminated', 'failed to run the shell: the terminal was closed, and the shell did not end');
}

function cutConnection(): Failure {
  return new Failure('engine-lost', 'failed to run the shell: its connection to the engine was cut', {
    hint: 'run the same command again; a proxy between this program and the engine may cut silent connections: with the profile least-privilege, raise PROXY_IDLE_LIMIT',
  });
}
