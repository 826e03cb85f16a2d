import { lstatSync, readdirSync, readFileSync, readlinkSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, type GitDirectory } from './git-directory.ts';
import { isIgnored, parseIgnoreRules, type IgnoreRules } from './git-ignore.ts';
import { largestObject, objectId } from './git-object.ts';
import type { TreeEntry } from './git-tree.ts';

/**
 * The files of a working tree that are not as in the commit that is checked out: changed, removed, or new and not
 * ignored; sorted. The index plays no part: what is staged is not committed. Below `except` (a directory's name at the
 * top) new files do not count.
 */
export function findUncommittedFiles(
  { own, common, workTree, hash, fileModes }: GitDirectory & { readonly workTree: string },
  head: readonly TreeEntry[],
  except: string | undefined,
): readonly string[] {
  const unseen = new Map(head.map((entry) => [entry.path, entry]));
  const tracked = directoriesOf(head);
  const found: string[] = [];

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
    const ownRules = readIfThere(join(workTree, directory, '.gitignore'));
    const rules = ownRules === undefined ? above : [...above, parseIgnoreRules(ownRules, directory)];
    for (const status of readdirSync(join(workTree, directory), { withFileTypes: true })) {
      const path = directory + status.name;
      if (status.name === '.git') continue;
      const entry = unseen.get(path);
      unseen.delete(path);
      if (entry !== undefined) {
        if (isChanged(path, entry, status)) found.push(path);
        continue;
      }
      const isOut = isBelowIgnored || path === except || isIgnored(path, status.isDirectory(), rules);
      if (!status.isDirectory()) {
        if (!isOut) found.push(path);
      } else if (!isOut || tracked.has(path)) walk(`${path}/`, rules, isOut);
    }
  };

  const excluded = readIfThere(join(common, 'info/exclude')) ?? readIfThere(join(own, 'info/exclude')) ?? '';
  walk('', [parseIgnoreRules(excluded, '')], false);
  return [...found, ...unseen.keys()].toSorted();
}

/** The directories that have a file of the commit in them, at whatever depth. */
function directoriesOf(entries: readonly TreeEntry[]): ReadonlySet<string> {
  const directories = new Set<string>();
  for (const { path } of entries)
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
      directories.add(path.slice(0, slash));
  return directories;
}
