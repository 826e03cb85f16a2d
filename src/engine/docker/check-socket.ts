import { statSync } from 'node:fs';
import { userInfo } from 'node:os';

import { Failure } from '../../failure.ts';
import { errorCode } from './docker-client.ts';

/** The problems that the engine's socket can have; each has its own remedy. */
export type SocketProblem = 'missing' | 'directory' | 'file' | 'not-listening' | 'denied';

/** The owner of the socket and the user of this program, for the message. */
export interface SocketOwner {
  /** Numeric group of the socket. */
  readonly group: number;
  /** The name of the user that runs this program. */
  readonly user: string;
}

/** Checks the socket at `path` without connecting. Throws `engine-unreachable` or `engine-denied` if it cannot be used. */
export async function checkSocket(path: string): Promise<void> {
  const problem = await socketProblemAt(path);
  if (problem !== undefined) throw socketFailure(path, problem);
}

/**
 * Explains an error of connecting to `path`; undefined if the error says nothing about the socket. ECONNREFUSED: nobody
 * listens. EACCES: the user may not write to it (unix(7)).
 */
export async function explainConnectError(path: string, error: unknown): Promise<Failure | undefined> {
  const problem = connectProblems[errorCode(error) ?? ''];
  if (problem === undefined) return undefined;
  return socketFailure(path, problem, problem === 'denied' ? await socketOwner(path) : undefined, error);
}

/**
 * The failure for a problem with the socket at `path`, with a hint that names the option of `docker run` that mounts it. Its
 * code is `engine-denied` for `denied`, and else `engine-unreachable`.
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
    const problem = connectProblems[errorCode(error) ?? ''];
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
    // A numeric user (`docker run --user 1000`) may have no name.
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
