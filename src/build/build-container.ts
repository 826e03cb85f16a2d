import type { ContainerId, ExecId, HeldStdin } from '../engine/engine.ts';
import type { Tmpfs } from '../portage/emerge-report.ts';
import type { BuildLog } from './build-log.ts';
import type { Workspace } from './workspace.ts';

/** Portage's own place for building: the work volume or a tmpfs is there, and so it is never on the writable layer. */
export const workDirectory = '/var/tmp/portage';

/**
 * What a run keeps for itself, beside Portage's directories: always in the work volume, which is mounted here where
 * {@link workDirectory} is a tmpfs.
 */
export const stateDirectory = `${workDirectory}/.gentoo-builder`;

/** Where packages are built that are too big for a tmpfs: as PORTAGE_TMPDIR, in the work volume. */
export const bigDirectory = `${stateDirectory}/big`;

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
  /** What packages are built on; undefined where that is the work volume. */
  readonly tmpfs?: Tmpfs | undefined;
  /** The process of the job that is under way, for whoever has to wait for its end. */
  lastJob: ExecId | undefined;
}
