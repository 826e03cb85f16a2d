import type { Failure } from '../failure.ts';
import type { PackageArgument } from '../portage/atom.ts';
import type { TmpfsSetting } from '../quantity.ts';

/** What one run of the main job was asked to do: the parsed command line. Durations are in seconds. */
export interface BuildRequest {
  readonly packages: readonly PackageArgument[];
  /** What is wrong with the other arguments; reported together with the other preconditions. */
  readonly invalidPackages: readonly Failure[];
  /** The base image that was named; undefined leaves the choice to {@link file://./base-image.ts}. */
  readonly base: string | undefined;
  /** A volume's name or an absolute path on the engine's host, instead of what is mounted in the builder. */
  readonly tree: string | undefined;
  readonly createTree: boolean;
  readonly sync: boolean;
  /** A tree that is younger is not synced; undefined means the default of its sync type. */
  readonly syncMaxAge: number | undefined;
  readonly emergeOptions: readonly string[];
  readonly use: string | undefined;
  readonly jobs: number | undefined;
  /** A file in the builder's own file system. */
  readonly makeConf: string | undefined;
  readonly binpkgs: boolean;
  /** Where packages are built. */
  readonly tmpfs: TmpfsSetting;
  /** `name:tag` each. */
  readonly tags: readonly string[];
  readonly keepFailed: boolean;
  /** A volume's name or an absolute path on the engine's host. */
  readonly logDir: string | undefined;
  readonly dryRun: boolean;
  /** Whether it is built though an image was made of the same before. */
  readonly rebuild: boolean;
  readonly timeout: number | undefined;
  readonly silenceTimeout: number | undefined;
  /** Bytes that have to be free where the engine keeps its containers. */
  readonly minFree: number;
}
