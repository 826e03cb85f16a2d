import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';

import { shellProgram } from '../../container-program.ts';
import { Failure } from '../../failure.ts';
import { explainSsh, missingSsh, type SshEnding } from './explain-ssh.ts';
import { formatSshAddress, type SshAddress } from './ssh-address.ts';
import { dialArguments, masterArguments } from './ssh-command.ts';

/** An engine on another machine, behind a socket on this one. */
export interface SshLink {
  /** Each connection to this socket is a connection to the engine. */
  readonly socket: string;
  /** Says why connections to the engine fail; undefined if they do not. */
  readonly explain: () => Promise<Failure | undefined>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The milliseconds in which ssh must have logged in. A key may wait for a touch. */
const loginLimitMs = 60_000;
/** The milliseconds between two attempts to make the master connection again. */
const restMs = 10_000;
/** The status of a shell that does not find a program. */
const notFound = 127;

/**
 * Logs in to the machine, and listens for connections. If the master connection ends, the next connection makes it again; what was held over
 * the former one has ended. The link ends with the program. Throws a `Failure` `engine-denied` if a key, a right or a program is
 * missing, and `engine-unreachable` if the machine does not answer.
 */
export async function openSshLink(address: SshAddress, environment: Environment): Promise<SshLink> {
  const directory = mkdtempSync(join(directoryForSockets(environment), 'gentoo-ssh-'));
  const control = join(directory, 'master');
  const reopen = await holdMaster(address, { directory, control, environment });
  const socket = join(directory, 'engine');
  const dial = dialArguments(address, control);
  const carry = async (connection: Socket): Promise<void> => {
    connection.on('error', () => undefined);
    // ssh removes the socket of a master connection that ends.
    const isOpen = existsSync(control) || (await reopen());
    if (isOpen && !connection.destroyed) {
      // A separate process group: Ctrl-C is for this program, which removes what it made over these connections.
      const child = spawn('ssh', dial, { env: environment, stdio: [connection, connection, 'ignore'], detached: true });
      child.on('error', () => undefined).unref();
    }
    connection.destroy();
  };
  // `pauseOnConnect` leaves every byte to ssh.
  const server = createServer({ pauseOnConnect: true }, (connection) => void carry(connection));
  server.listen(socket).unref();
  await once(server, 'listening');
  return { socket, explain: () => explainDial(address, dial, environment) };
}

interface Place {
  readonly directory: string;
  readonly control: string;
  readonly environment: Environment;
}

/** Makes a master connection again, and tells whether there is one. */
type Reopening = () => Promise<boolean>;

/**
 * Resolves when the master connection is made, to a function that makes it again. It lives as long as the pipe to the standard input of
 * `hold-ssh.sh`.
 */
async function holdMaster(address: SshAddress, { directory, control, environment }: Place): Promise<Reopening> {
  const program = new URL('./hold-ssh.sh', import.meta.url);
  const [shell = '', ...args] = shellProgram(program, 'hold-ssh', directory, ...masterArguments(address, control));
  const holder = spawn(shell, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const ended = endingOf(holder, holder.stderr);
  const limit = AbortSignal.timeout(loginLimitMs);
  const ready = once(holder.stdout, 'data', { signal: limit }).then(
    () => 'ready' as const,
    () => 'late' as const,
  );
  const ending = await Promise.race([ready, ended]);
  if (ending === 'ready') {
    leaveAlone(holder);
    return reopeningOf(holder);
  }
  if (ending === 'late') {
    killGroup(holder);
    rmSync(directory, { recursive: true, force: true });
    const why = `failed to reach the Docker engine at ${formatSshAddress(address)}: ssh did not log in within ${loginLimitMs / 1000} s`;
    throw new Failure('engine-unreachable', why, { hint: 'check that ssh reaches the machine without a question' });
  }
  throw ending.status === notFound ? missingSsh(address) : explainSsh(address, ending);
}

/** Connections that come meanwhile wait for the same attempt, and after a failed one there is a rest: a machine that is cut off is lost soon. */
function reopeningOf(holder: ChildProcessByStdio<Writable, Readable, Readable>): Reopening {
  const { stdin, stdout } = holder;
  const ended = once(holder, 'exit').then(() => false);
  let attempt: Promise<boolean> | undefined;
  let failedAt = -Infinity;
  const reopen = async (): Promise<boolean> => {
    const answered = once(stdout, 'data').then(([answer]) => String(answer).startsWith('ready'));
    stdin.write('\n');
    const isOpen = await Promise.race([answered, ended]);
    if (!isOpen) failedAt = performance.now();
    return isOpen;
  };
  stdin.on('error', () => undefined);
  return () => {
    if (performance.now() - failedAt < restMs) return Promise.resolve(false);
    return (attempt ??= reopen().finally(() => (attempt = undefined)));
  };
}

/** Calls the engine without input, which ends at once, and reads what ssh and docker say. */
async function explainDial(
  address: SshAddress,
  dial: readonly string[],
  environment: Environment,
): Promise<Failure | undefined> {
  const child = spawn('ssh', dial, {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    timeout: loginLimitMs,
  });
  const ending = await endingOf(child, child.stderr);
  return ending.status === 0 ? undefined : explainSsh(address, ending);
}

/** Resolves when the process has ended; a background process may keep its standard error open. */
async function endingOf(child: ChildProcess, stderr: Readable): Promise<SshEnding> {
  let said = '';
  stderr.on('data', (data: Buffer) => (said = `${said}${data.toString()}`.slice(-10_000)));
  const status = await new Promise<number | null>((resolve) => {
    child.on('close', resolve).on('error', () => resolve(notFound));
  });
  return { status, stderr: said };
}

/** Lets the program end while the process runs. */
function leaveAlone(holder: ChildProcess): void {
  holder.unref();
  for (const stream of holder.stdio) if (stream instanceof Socket) stream.unref();
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/**
 * A directory for sockets, whose paths have at most 107 bytes; ssh adds 17 bytes to the name of the control socket while it makes it. In
 * that name, ssh replaces `%`, `~` and `${}` (ssh_config(5), ControlPath).
 */
function directoryForSockets({ TMPDIR = '' }: Environment): string {
  return /^\/[\w./+@,:-]{0,59}$/.test(TMPDIR) && existsSync(TMPDIR) ? TMPDIR : '/tmp';
}
