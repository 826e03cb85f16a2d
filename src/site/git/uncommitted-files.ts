import { lstatSync, readdirSync, readFileSync, readlinkSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, type GitDirectory } from './git-directory.ts';
import { GitFault } from './git-fault.ts';
import { isIgnored, parseIgnoreRules, type IgnoreRules } from './git-ignore.ts';
import { largestObject, objectId } from './git-object.ts';
import type { TreeEntry } from './git-tree.ts';

/** What a working tree has that no commit has. */
export interface UncommittedFiles {
  readonly changed: readonly string[];
  /** Files and directories that could not be looked at. */
  readonly unread: readonly string[];
}

/**
 * The files of a working tree that are not as in the commit that is checked out: changed, removed, or new and not
 * ignored; sorted. The index plays no part: what is staged is not committed. Below `except` (a directory's name at the
 * top) new files do not count.
 */
export function findUncommittedFiles(
  { own, common, workTree, hash, fileModes }: GitDirectory & { readonly workTree: string },
  head: readonly TreeEntry[],
  except: string | undefined,
): UncommittedFiles {
  const unseen = new Map(head.map((entry) => [entry.path, entry]));
  const tracked = directoriesOf(head);
  const found: string[] = [];
  const unread: string[] = [];
  /** Undefined, and noted, where something cannot be read. */
  const look = <T>(path: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof GitFault || (error instanceof Error && 'syscall' in error))) throw error;
      unread.push(path);
      return undefined;
    }
  };

  const isChanged = (path: string, { type, id }: TreeEntry, status: Dirent): boolean => {
    if (type === 'submodule') return !status.isDirectory();
    const full = join(workTree, path);
    if (type === 'symlink') {
      if (!status.isSymbolicLink()) return true;
      return objectId({ type: 'blob', content: readlinkSync(full, { encoding: 'buffer' }) }, hash) !== id;
    }
    if (!status.isFile()) return true;
    const { mode, size } = lstatSync(full);
    if (fileModes && ((mode & 0o100) !== 0) !== (type === 'executable')) return true;
    // A branch with an object of such a size is not read: whatever it is here, it is not what is built.
    if (size > largestObject) return true;
    return objectId({ type: 'blob', content: readFileSync(full) }, hash) !== id;
  };

  const walk = (directory: string, above: readonly IgnoreRules[], isBelowIgnored: boolean): void => {
    const names = look(directory || '.', () => readdirSync(join(workTree, directory), { withFileTypes: true }));
    if (names === undefined) {
      // What is below it has not gone.
      for (const path of unseen.keys()) if (path.startsWith(directory)) unseen.delete(path);
      return;
    }
    const ownRules = look(`${directory}.gitignore`, () => readIfThere(join(workTree, directory, '.gitignore')));
    const rules = ownRules === undefined ? above : [...above, parseIgnoreRules(ownRules, directory)];
    for (const status of names) {
      const path = directory + status.name;
      if (status.name === '.git') continue;
      const entry = unseen.get(path);
      unseen.delete(path);
      if (entry !== undefined) {
        if (look(path, () => isChanged(path, entry, status)) === true) found.push(path);
        continue;
      }
      const isOut = isBelowIgnored || path === except || isIgnored(path, status.isDirectory(), rules);
      if (!status.isDirectory()) {
        if (!isOut) found.push(path);
      } else if (!isOut || tracked.has(path)) walk(`${path}/`, rules, isOut);
    }
  };

  const readExclude = (top: string) => look('.git/info/exclude', () => readIfThere(join(top, 'info/exclude')));
  const excluded = readExclude(common) ?? readExclude(own) ?? '';
  walk('', [parseIgnoreRules(excluded, '')], false);
  return { changed: [...found, ...unseen.keys()].toSorted(), unread: [...new Set(unread)].toSorted() };
}

/** The directories that have a file of the commit in them, at whatever depth. */
function directoriesOf(entries: readonly TreeEntry[]): ReadonlySet<string> {
  const directories = new Set<string>();
  for (const { path } of entries)
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
      directories.add(path.slice(0, slash));
  return directories;
}
