import { statSync } from 'node:fs';
import { userInfo } from 'node:os';

import { Failure } from '../failure.ts';

/** What can be wrong with the engine's socket, each of which has a remedy of its own. */
export type SocketProblem = 'missing' | 'directory' | 'file' | 'not-listening' | 'denied';

/** What the message says about who may use the socket, where that is known. */
export interface SocketOwner {
  /** Numeric group of the socket. */
  readonly group: number;
  /** Name of the user that this program runs as. */
  readonly user: string;
}

/**
 * Looks at `path` without connecting. Throws a `Failure`, `engine-unreachable` or `engine-denied`, when there is no
 * socket at it that could be connected to.
 */
export async function checkSocket(path: string): Promise<void> {
  const problem = await socketProblemAt(path);
  if (problem !== undefined) throw socketFailure(path, problem);
}

/**
 * The failure that an error of connecting to `path` stands for; undefined for errors that say nothing about the socket.
 * A socket that nobody listens on answers ECONNREFUSED, one that the user may not write to EACCES (unix(7)).
 */
export async function explainConnectError(path: string, error: unknown): Promise<Failure | undefined> {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const problem = connectProblems[code ?? ''];
  if (problem === undefined) return undefined;
  return socketFailure(path, problem, problem === 'denied' ? await socketOwner(path) : undefined, error);
}

/**
 * Words for a problem with the socket at `path`: what, why, and as the hint what to do, with the option of `docker
 * run` that mounts the socket. Code `engine-denied` for `denied`, `engine-unreachable` for the others.
 */
export function socketFailure(path: string, problem: SocketProblem, owner?: SocketOwner, cause?: unknown): Failure {
  const option = `-v ${path}:${path}`;
  const words = {
    missing: {
      why: 'nothing is there',
      hint: `in a container, add the option ${option} to docker run; on a host, start the Docker engine, or set DOCKER_HOST`,
    },
    directory: {
      why: 'it is a directory, not a socket; docker run -v makes a directory of a path that is missing on the host',
      hint: `on the host, remove the empty directory and start the Docker engine, then run again with the option ${option}`,
    },
    file: {
      why: 'it is a file, not a socket',
      hint: `mount the socket of the Docker engine, with the option ${option}, or set DOCKER_HOST`,
    },
    'not-listening': {
      why: 'no engine listens on it',
      hint: `start the Docker engine on the host, and then run again with the option ${option}: a socket that was mounted before the engine started is the old one`,
    },
    denied: { why: deniedReason(owner), hint: deniedHint(option, owner) },
  }[problem];
  const code = problem === 'denied' ? 'engine-denied' : 'engine-unreachable';
  return new Failure(code, `failed to reach the Docker engine at ${path}: ${words.why}`, { hint: words.hint, cause });
}

const connectProblems: Readonly<Record<string, SocketProblem>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  ECONNREFUSED: 'not-listening',
  ENOTSOCK: 'file',
  EACCES: 'denied',
  EPERM: 'denied',
};

async function socketProblemAt(path: string): Promise<SocketProblem | undefined> {
  try {
    const found = statSync(path);
    if (found.isSocket()) return undefined;
    return found.isDirectory() ? 'directory' : 'file';
  } catch (error) {
    const problem = connectProblems[(error as NodeJS.ErrnoException).code ?? ''];
    if (problem === undefined) throw error;
    return problem;
  }
}

async function socketOwner(path: string): Promise<SocketOwner | undefined> {
  try {
    return { group: statSync(path).gid, user: userName() };
  } catch {
    return undefined;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A numeric user (`docker run --user 1000`) need not have a name.
    return String(process.getuid?.() ?? 'this user');
  }
}

function deniedReason(owner: SocketOwner | undefined): string {
  return owner === undefined
    ? 'permission denied'
    : `permission denied to user ${owner.user}; it belongs to group ${owner.group}`;
}

function deniedHint(option: string, owner: SocketOwner | undefined): string {
  const group = owner === undefined ? 'GROUP-OF-THE-SOCKET' : String(owner.group);
  return (
    `in a container, run as root or add the options ${option} --group-add ${group}; ` +
    'on a host, run as root or as a user in the group that owns the socket (usermod -aG docker USER)'
  );
}
