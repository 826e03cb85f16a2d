import { logMountTarget } from '../../container/build-log.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { shellProgram } from '../../container-program.ts';

/** Defines the shell function `stamp` for the programs that print or record the stamp of a tree. */
const treeStamp = () => new URL('./tree-stamp.sh', import.meta.url);
/** Define the shell functions `is_repository` and `print_age` for the programs that ask when a tree was synced. */
const treeAge = () =>
  ['./is-repository.sh', './half-synced.sh', './tree-age.sh'].map((file) => new URL(file, import.meta.url));

/**
 * Syncs under the tree's exclusive lock, unless the tree was synced less than `maxAge` seconds ago. The age is looked at before
 * the lock: a build that need not sync does not wait for builds that use the tree. It is looked at again under the lock, because
 * another build may have synced meanwhile. The lock files that an interrupted sync left are removed. The job's result is the
 * tree's stamp after the sync; {@link settingsCommand} prints the same stamp.
 */
export function syncUnderLock(place: LockedPlace, tree: string, sync: SyncRequest): readonly string[] {
  const locks = new URL('./stale-locks.sh', import.meta.url);
  const files = [treeStamp(), ...treeAge(), locks, new URL('./sync-tree.sh', import.meta.url)];
  const age = String(sync.maxAge);
  const warning = shellProgram(new URL('./warn-of-sync.sh', import.meta.url), 'gentoo-builder-warn-of-sync', tree);
  const script = shellProgram(
    files,
    'gentoo-builder-sync',
    ...[tree, age, sync.leftovers, sync.isUserDirectory ? 'yes' : ''],
    ...(sync.isUserDirectory ? warning : []),
    ...sync.command,
  );
  const locked = underLock('exclusive', { ...place, trees: [tree] }, script);
  const young = [treeStamp(), ...treeAge(), new URL('./skip-young.sh', import.meta.url)];
  return shellProgram(young, 'gentoo-builder-young', tree, age, ...locked);
}

/** The sync of a tree. */
export interface SyncRequest {
  readonly command: readonly string[];
  /** The age in seconds below which the tree is not synced again. */
  readonly maxAge: number;
  /**
   * `delete`: the files of a tree that is not a repository are deleted first, because an interrupted first sync left them. Only
   * for a volume that this program made. `refuse`: the sync fails and changes nothing; see `refusedSync`.
   */
  readonly leftovers: 'delete' | 'refuse';
  /**
   * Whether the tree is a directory of the user; false if undefined. Then the output tells, before the sync, what it
   * may overwrite, and the sync fails if another program may hold a lock file in the tree.
   */
  readonly isUserDirectory?: boolean;
}

/** The trees to lock, and the holder of the lock in words: a build that waits for a tree prints them. */
export interface LockedPlace extends Pick<ContainerSession, 'trees' | 'holder'> {
  /** The directory with the names of the holders; in the directory of the logs by default. */
  readonly holdersDirectory?: string;
}

/**
 * Runs a command under a lock of each tree (flock(1)). The lock is on the directory of the tree: every container with that
 * volume sees it, and no sync replaces the directory. The lock ends with the command, even if the command leaves processes
 * running. It is fair: while a sync waits for builds, no further build begins to use the tree. The directory of the logs has the
 * names of the holders: builds with another directory of logs do not see them.
 */
export function underLock(
  mode: 'exclusive' | 'shared',
  { trees, holder, holdersDirectory = `${logMountTarget}/.trees` }: LockedPlace,
  command: readonly string[],
): readonly string[] {
  const lock = shellProgram(new URL('./lock-tree.sh', import.meta.url), 'gentoo-builder-lock', `--${mode}`);
  // Every process locks the trees in the same order, so no two processes wait for each other.
  return trees.toSorted().reduceRight((locked, tree) => [...lock, tree, holdersDirectory, holder, ...locked], command);
}

/**
 * Records the tree's stamp and runs a command; the caller puts both under the tree's lock. `mergeCommand` of job adds the
 * recorded stamp to its result as the line `tree STAMP`. A tree without a stamp adds no line.
 */
export function stampedCommand(work: string, tree: string, command: readonly string[]): readonly string[] {
  const files = [treeStamp(), new URL('./record-stamp.sh', import.meta.url)];
  return shellProgram(files, 'gentoo-builder-stamped', work, tree, ...command);
}

/**
 * Prints five fields, each followed by a zero byte: the stamp of the first tree before the settings are read, `yes` if this Portage
 * serves a status stream, the output of `partitionCommand`, `yes` if this emerge has `--jobs-tmpdir-require-free-gb`, and the trees,
 * one a line, whose sync was killed or runs, so that they may have files of two revisions.
 */
export function settingsCommand(
  trees: ContainerSession['trees'],
  partitionCommand: readonly string[],
): readonly string[] {
  const files = ['./half-synced.sh', './read-settings.sh'].map((file) => new URL(file, import.meta.url));
  const count = String(trees.length);
  return shellProgram([treeStamp(), ...files], 'gentoo-builder-settings', count, ...trees, ...partitionCommand);
}
