import type { Failure } from '../failure.ts';
import type { PackageArgument } from '../portage/atom.ts';
import type { TmpfsSetting } from '../quantity.ts';

/** The parsed command line of one run of the main job. Durations are in seconds. */
export interface BuildRequest {
  readonly packages: readonly PackageArgument[];
  /** The failures of arguments that are not packages; reported together with failed preconditions. */
  readonly invalidPackages: readonly Failure[];
  /** The base image that the user named; if undefined, {@link file://../container/base-image.ts} chooses one. */
  readonly base: string | undefined;
  /** A volume's name or an absolute path on the engine's host; if undefined, the mount of the builder, else the default volume. */
  readonly tree: string | undefined;
  readonly createTree: boolean;
  readonly sync: boolean;
  /** A tree that was synced more recently than this is not synced; undefined means the default of the tree's sync type. */
  readonly syncMaxAge: number | undefined;
  readonly emergeOptions: readonly string[];
  readonly use: string | undefined;
  readonly jobs: number | undefined;
  /** The path of a file in the file system of the builder. */
  readonly makeConf: string | undefined;
  readonly binpkgs: boolean;
  /** Whether packages are built on a tmpfs, and its size. */
  readonly tmpfs: TmpfsSetting;
  /** Additional names of the image, `name:tag` each. */
  readonly tags: readonly string[];
  readonly keepFailed: boolean;
  /** A volume's name or an absolute path on the engine's host. */
  readonly logDir: string | undefined;
  readonly dryRun: boolean;
  /** Whether the image is built even if an image of the same inputs exists. */
  readonly rebuild: boolean;
  readonly timeout: number | undefined;
  readonly silenceTimeout: number | undefined;
  /** The minimum of free bytes on the file system of the engine's data directory. */
  readonly minFree: number;
}

/** The mirrors of these sync types ask their users to sync at most once a day. */
const politeAge = 24 * 3600;
const mirrored = new Set(['rsync', 'webrsync']);

/** The age in seconds below which a tree is not synced: from the request, else the default of the sync type. */
export function syncMaxAge(request: BuildRequest, syncType: string): number {
  return request.syncMaxAge ?? (mirrored.has(syncType) ? politeAge : 0);
}
