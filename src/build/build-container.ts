import type { ContainerId, ExecId, HeldStdin } from '../engine/engine.ts';
import type { BuildLog } from './build-log.ts';
import type { Workspace } from './workspace.ts';

/** Where the work volume is in a build container; Portage's own place for building, and so never on its writable layer. */
export const workDirectory = '/var/tmp/portage';

/** More often than any connection that is watched for silence is cut. */
export const keepAliveMs = 1500;

/** The directories of ebuild repositories in a container; an emerge needs one at least. */
export type Trees = readonly [string, ...string[]];

/** A running build container, and this program's hold on it. */
export interface BuildContainer {
  readonly id: ContainerId;
  readonly workspace: Workspace;
  /** The image that it was started from, as the user knows it. */
  readonly base: string;
  /** Where the ebuild repositories are in it, the main one first. */
  readonly trees: Trees;
  readonly log: BuildLog;
  /** Letting go of it stops the container; so does the death of this program. */
  readonly hold: HeldStdin;
  /** The process of the job that is under way, for whoever has to wait for its end. */
  lastJob: ExecId | undefined;
}
