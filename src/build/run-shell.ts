import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { AttachedExec, ContainerId } from '../engine/engine.ts';
import { EngineRefusal } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import { findContainerLoss } from './container-loss.ts';
import type { BuildContext } from './context.ts';
import { hangUpCommand, shellCommand, shellStatusCommand } from './job-scripts.ts';
import { runCommand } from '../engine/run-command.ts';
import { connectTerminal } from './connect-terminal.ts';
import type { Terminal } from './terminal.ts';

/** What is run at a terminal. */
export interface ShellRequest {
  readonly terminal: Terminal;
  readonly command: readonly string[];
  /** Added to the container's and to what the terminal says of itself. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

/** What a shell is given to write its history and to end its jobs once the terminal is gone. */
const graceMs = 3000;

/** What the engine says of a process whose client is gone, though it may live on (20.10 and later). */
const clientLost = 126;
const attempts = 20;
const pauseMs = 50;

/**
 * Runs a command at the user's terminal in a container that runs and has the work volume, and resolves to its exit
 * status. Where standard input is a terminal the command gets one of its own: keys, signals made of keys, sizes and
 * output pass as they are, and the user's terminal has the modes that it had when this ends, however it ends. Otherwise
 * the command's streams are the program's, each by itself, as with `docker run -i`. The report is silent meanwhile.
 *
 * When the context's signal is aborted the command is hung up and the signal's reason thrown; the same is done where the
 * terminal goes away. Throws a `Failure` where the connection is cut (`engine-lost`), which cannot be made again, where the
 * container goes (`container-lost`), and where the terminal has gone and the command goes on (`terminated`).
 */
export async function runShell(
  context: BuildContext,
  container: { readonly id: ContainerId },
  request: ShellRequest,
): Promise<number> {
  const { report, signal } = context;
  signal.throwIfAborted();
  const name = `shell-${randomBytes(4).toString('hex')}`;
  await report({ type: 'terminal-lent' });
  try {
    const { exec, isHungUp } = await runAtTerminal(context, container.id, name, request);
    signal.throwIfAborted();
    const status = await findStatus(context, container.id, name, exec);
    if (status === undefined) throw isHungUp ? closedTerminal() : cutConnection();
    return status;
  } finally {
    await report({ type: 'terminal-returned' });
  }
}

async function runAtTerminal(
  { engine, signal }: BuildContext,
  container: ContainerId,
  name: string,
  { terminal, command, environment, workingDirectory }: ShellRequest,
): Promise<{ readonly exec: AttachedExec; readonly isHungUp: boolean }> {
  const tty = terminal.isInteractive;
  if (tty) terminal.setRaw(true);
  try {
    const size = terminal.size();
    const exec = await engine.execAttached(container, {
      command: shellCommand(name, tty ? size : undefined, command),
      environment: { ...terminal.environment, ...environment },
      ...(workingDirectory === undefined ? {} : { workingDirectory }),
      tty,
    });
    const hangUp = (): void => {
      // What does not end by it ends with the container.
      engine.execDetached(container, { command: hangUpCommand }).catch(() => undefined);
      void delay(graceMs, undefined, { ref: false }).then(() => exec.close());
    };
    const resize = tty ? () => engine.resizeExec(exec.id, terminal.size()) : undefined;
    const isHungUp = await connectTerminal(terminal, exec, { size, resize, hangUp, signal });
    return { exec, isHungUp };
  } finally {
    if (tty) terminal.setRaw(false);
  }
}

/**
 * The status that the command left; what the engine knows is not to be relied on where a connection was cut. Undefined
 * while the command runs. Throws a `Failure` `container-lost` where the container does not.
 */
async function findStatus(
  { engine }: BuildContext,
  container: ContainerId,
  name: string,
  { id }: AttachedExec,
): Promise<number | undefined> {
  try {
    const { stdout } = await runCommand(engine, container, { command: shellStatusCommand(name) });
    if (/^\d+\n$/.test(stdout)) return Number(stdout);
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const exitCode = await engine.execExitCode(id);
      if (exitCode !== undefined && exitCode !== clientLost) return exitCode;
      await delay(pauseMs);
    }
  } catch (error) {
    const isLoss = error instanceof EngineRefusal || (error instanceof Failure && error.code === 'engine-lost');
    if (!isLoss) throw error;
    throw findContainerLoss(await engine.inspectContainer(container), 'run the shell') ?? error;
  }
  const loss = findContainerLoss(await engine.inspectContainer(container), 'run the shell');
  if (loss !== undefined) throw loss;
  return undefined;
}

function closedTerminal(): Failure {
  return new Failure('terminated', 'failed to run the shell: the terminal was closed, and it did not end by that');
}

function cutConnection(): Failure {
  return new Failure('engine-lost', 'failed to run the shell: its connection to the engine was cut', {
    hint: 'run it again; what stands between this program and the engine may cut what is silent for long: for the profile least-privilege, raise PROXY_IDLE_LIMIT',
  });
}
