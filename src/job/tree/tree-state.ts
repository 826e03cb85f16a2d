import { shellProgram } from '../../container-program.ts';

const stamp = new URL('./tree-stamp.sh', import.meta.url);

/** The state of a tree at a moment, with everything that {@link restoreTreeCommand} needs to make the tree so again. */
export interface RecordedTree {
  /** The time on the clock of the engine's kernel, in seconds with a fraction. */
  readonly time: string;
  /** The owner of the tree, as UID:GID. */
  readonly owner: string;
  readonly mode: string;
  /** The stamp of the tree; empty if it has none. */
  readonly stamp: string;
  /** The files of the git directory without objects and index; empty if the tree has none, or too many. */
  readonly gitFiles: string;
}

/** Prints the state of a tree for {@link parseRecordedTree}. Run it before packages run: they could change its programs. */
export function recordTreeCommand(tree: string): readonly string[] {
  return shellProgram([stamp, new URL('./record-state.sh', import.meta.url)], 'gentoo-builder-state', tree);
}

/** Reads the output of {@link recordTreeCommand}; undefined if it is incomplete. */
export function parseRecordedTree(output: string): RecordedTree | undefined {
  const [time, owner, mode, treeStamp, gitFiles, end] = output.split('\0');
  if (!time || !owner || !mode || treeStamp === undefined || gitFiles === undefined || end !== '') return undefined;
  return { time, owner, mode, stamp: treeStamp, gitFiles };
}

/** The changes in a tree since a moment. */
export interface TreeChanges {
  /** Who else uses the tree: nobody (`exclusive`), builds (`shared`), or a sync (`none`): then the changes are unknown. */
  readonly lock: 'exclusive' | 'shared' | 'none';
  readonly stamp: string;
  /** The changed paths in the tree, of which only so many are listed that a message can name some; empty if there is none. */
  readonly paths: readonly string[];
}

/** The number of changes that are listed. */
const mostChanges = 1000;

/**
 * Prints for {@link parseTreeChanges} what has changed in a tree since a state, without waiting for a lock. Run it where packages
 * could not change its programs. `withGit`: whether the git directory counts.
 */
export function findChangesCommand(
  tree: string,
  { time }: Pick<RecordedTree, 'time'>,
  withGit: boolean,
): readonly string[] {
  const files = [stamp, new URL('./find-changes.sh', import.meta.url)];
  return shellProgram(files, 'gentoo-builder-changes', tree, time, withGit ? 'yes' : '', String(mostChanges));
}

/** Reads the output of {@link findChangesCommand}; undefined if it is incomplete. */
export function parseTreeChanges(output: string): TreeChanges | undefined {
  const [lock, treeStamp = '', ...found] = output.split('\0').slice(0, -1);
  if (lock !== 'exclusive' && lock !== 'shared' && lock !== 'none') return undefined;
  const changes = found.map((line) => ({ isDirectory: line.startsWith('d '), path: line.slice(2) || '.' }));
  const files = changes.filter(({ isDirectory }) => !isDirectory).map(({ path }) => path);
  // A directory changes with its entries; alone, it stands for an entry that is gone.
  const explained = new Set(changes.map(({ path }) => parentOf(path)));
  const directories = changes.filter(({ isDirectory, path }) => isDirectory && !explained.has(path));
  return { lock, stamp: treeStamp, paths: [...files, ...directories.map(({ path }) => path)].toSorted() };
}

function parentOf(path: string): string | undefined {
  if (path === '.') return undefined;
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
}

/** The result of a restoration: see `restore-tree.sh`. */
export type Restoration = 'restored' | 'emptied' | 'busy';

/** Makes a git clone as it was when its state was recorded, and prints a {@link Restoration}. Waits for no lock. */
export function restoreTreeCommand(tree: string, { time, owner, mode, gitFiles }: RecordedTree): readonly string[] {
  const file = new URL('./restore-tree.sh', import.meta.url);
  return shellProgram(file, 'gentoo-builder-restore', tree, time, owner, mode, gitFiles);
}

/** Reads the output of {@link restoreTreeCommand}; undefined if the restoration failed. */
export function parseRestoration(output: string): Restoration | undefined {
  const words = ['restored', 'emptied', 'busy'] as const;
  return words.find((word) => output === `${word}\n`);
}
