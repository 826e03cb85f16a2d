import type { Readable } from 'node:stream';
import type { HeldStdin } from '../engine/containers.ts';
import type { ExecRequest } from '../engine/execs.ts';
import type { ContainerId, ExecId } from '../engine/identifiers.ts';
import type { CommandRunner } from '../engine/run-command.ts';
import type { Failure } from '../failure.ts';
import type { Tmpfs } from '../portage/output/emerge-report.ts';
import type { BuildLog } from './build-log.ts';
import type { BuildContext } from './context.ts';
import type { WatchedStream } from './watched-stream.ts';
import type { Workspace } from './workspace.ts';

/** The directories of ebuild repositories in a container; an emerge needs at least one. */
export type Trees = readonly [string, ...string[]];

/**
 * A running build container and the methods with which a step works in it. Steps start processes only through the methods of
 * the session: the methods find out how a process ended, keep connections alive and close half-open ones. The engine of the
 * session is for images, networks and the container as a whole.
 */
export interface ContainerSession extends BuildContext, CommandRunner {
  readonly id: ContainerId;
  readonly workspace: Workspace;
  /** The name of the image that the container was created from. */
  readonly base: string;
  /** The directories of the ebuild repositories in the container, the main repository first. */
  readonly trees: Trees;
  readonly log: BuildLog;
  /** The name of the container and its work in words: builds that wait for a lock of this session show it. */
  readonly holder: string;
  /** The tmpfs that packages are built on; undefined if they are built on the work volume. */
  readonly tmpfs?: Tmpfs | undefined;
  /** The standard input of process 1. If it is closed, or if this program dies, the container stops. */
  readonly hold: HeldStdin;
  /** The variables that every process of the session gets: the proxies. */
  readonly environment: Readonly<Record<string, string>>;
  /** The process of the running job; undefined if none runs. Before the container is stopped, the program waits for its end. */
  currentJob: ExecId | undefined;
  /** Starts a process that outlives its connection; throws if it cannot be started. For jobs, see `job/run-job.ts`. */
  start(request: ExecRequest): Promise<ExecId>;
  /**
   * Starts a process and reads its output as it comes. The process must send keep-alive bytes back: see {@link WatchedStream}.
   */
  stream(request: ExecRequest): Promise<WatchedStream>;
  /** Unpacks a small archive into an existing directory: see `unpack-archive.ts`. */
  unpack(directory: string, archive: Readable): Promise<void>;
  /** The failure that explains why the container stopped during `work`; undefined if the container runs. */
  findLoss(work: string): Promise<Failure | undefined>;
}
