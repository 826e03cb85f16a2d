import { lstatSync, readdirSync, readFileSync, readlinkSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, type GitDirectory } from './git-directory.ts';
import { GitFault } from './git-fault.ts';
import { isIgnored, parseIgnoreRules, type IgnoreRules } from './git-ignore.ts';
import { largestObject, objectId } from './git-object.ts';
import type { TreeEntry } from './git-tree.ts';

/** The differences between a working tree and the checked-out commit. */
export interface UncommittedFiles {
  readonly changed: readonly string[];
  /** The files and directories that could not be read. */
  readonly unread: readonly string[];
}

/**
 * Finds the files of a working tree that differ from the checked-out commit: changed, removed, or new and not ignored;
 * sorted. The index is not used, because staged changes are not committed. New files below `except`, a directory at the top,
 * do not count.
 */
export function findUncommittedFiles(
  git: GitDirectory & { readonly workTree: string },
  head: readonly TreeEntry[],
  except: string | undefined,
): UncommittedFiles {
  const search = new Search(git, head, except);
  const readExclude = (top: string) => search.look('.git/info/exclude', () => readIfThere(join(top, 'info/exclude')));
  const excluded = readExclude(git.common) ?? readExclude(git.own) ?? '';
  search.walk('', [parseIgnoreRules(excluded, '')], false);
  return search.result();
}

/** The state of one comparison. */
class Search {
  readonly #git: Pick<GitDirectory, 'hash' | 'fileModes'> & { readonly workTree: string };
  readonly #except: string | undefined;
  readonly #tracked: ReadonlySet<string>;
  /** The committed files that the walk has not met yet. */
  readonly #unseen: Map<string, TreeEntry>;
  readonly #found: string[] = [];
  readonly #unread: string[] = [];

  constructor(
    git: GitDirectory & { readonly workTree: string },
    head: readonly TreeEntry[],
    except: string | undefined,
  ) {
    this.#git = git;
    this.#except = except;
    this.#tracked = directoriesOf(head);
    this.#unseen = new Map(head.map((entry) => [entry.path, entry]));
  }

  result(): UncommittedFiles {
    const changed = [...this.#found, ...this.#unseen.keys()].toSorted();
    return { changed, unread: [...new Set(this.#unread)].toSorted() };
  }

  /** Calls `read`; if that fails, notes the path as unread and returns undefined. */
  look<T>(path: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof GitFault || (error instanceof Error && 'syscall' in error))) throw error;
      this.#unread.push(path);
      return undefined;
    }
  }

  /** Compares a directory, which ends with a slash or is the empty string, and the directories below it. */
  walk(directory: string, above: readonly IgnoreRules[], isBelowIgnored: boolean): void {
    const full = join(this.#git.workTree, directory);
    const names = this.look(directory || '.', () => readdirSync(full, { withFileTypes: true }));
    if (names === undefined) {
      // The files below an unreadable directory are not known to be removed.
      for (const path of this.#unseen.keys()) if (path.startsWith(directory)) this.#unseen.delete(path);
      return;
    }
    const ownRules = this.look(`${directory}.gitignore`, () => readIfThere(join(full, '.gitignore')));
    const rules = ownRules === undefined ? above : [...above, parseIgnoreRules(ownRules, directory)];
    for (const status of names) {
      if (status.name !== '.git') this.#compare(directory + status.name, status, rules, isBelowIgnored);
    }
  }

  #compare(path: string, status: Dirent, rules: readonly IgnoreRules[], isBelowIgnored: boolean): void {
    const entry = this.#unseen.get(path);
    this.#unseen.delete(path);
    if (entry !== undefined) {
      if (this.look(path, () => this.#isChanged(path, entry, status)) === true) this.#found.push(path);
      return;
    }
    const isOut = isBelowIgnored || path === this.#except || isIgnored(path, status.isDirectory(), rules);
    if (!status.isDirectory()) {
      if (!isOut) this.#found.push(path);
    } else if (!isOut || this.#tracked.has(path)) this.walk(`${path}/`, rules, isOut);
  }

  #isChanged(path: string, { type, id }: TreeEntry, status: Dirent): boolean {
    const { workTree, hash, fileModes } = this.#git;
    if (type === 'submodule') return !status.isDirectory();
    const full = join(workTree, path);
    if (type === 'symlink') {
      if (!status.isSymbolicLink()) return true;
      return objectId({ type: 'blob', content: readlinkSync(full, { encoding: 'buffer' }) }, hash) !== id;
    }
    if (!status.isFile()) return true;
    const { mode, size } = lstatSync(full);
    if (fileModes && ((mode & 0o100) !== 0) !== (type === 'executable')) return true;
    // zentoo refuses a committed file of this size, so that a file of this size differs from its committed version.
    if (size > largestObject) return true;
    return objectId({ type: 'blob', content: readFileSync(full) }, hash) !== id;
  }
}

/** All directories of the commit's files. */
function directoriesOf(entries: readonly TreeEntry[]): ReadonlySet<string> {
  const directories = new Set<string>();
  for (const { path } of entries)
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
      directories.add(path.slice(0, slash));
  return directories;
}
