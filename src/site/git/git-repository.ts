import { findGitDirectory, type GitDirectory } from './git-directory.ts';
import { GitFault } from './git-fault.ts';
import { GitObjects } from './git-objects.ts';
import {
  branchNameFault,
  readBranchIds,
  readHead,
  readMovedBranches,
  type BranchIds,
  type FoundBranches,
  type MovedBranch,
} from './git-references.ts';
import { readCommitTree, type TreeEntry } from './git-tree.ts';
import { findUncommittedFiles } from './uncommitted-files.ts';

/** The head of a branch: its commit, and all that is in it. */
export interface GitBranch {
  readonly name: string;
  readonly commit: string;
  readonly entries: readonly TreeEntry[];
}

/** What is checked out, what of that is committed, and which files are not as they are committed. */
export interface WorkTree {
  /** Undefined where HEAD is detached. */
  readonly branch: string | undefined;
  readonly head: readonly TreeEntry[];
  readonly uncommitted: readonly string[];
  /** What could not be looked at, and may be uncommitted as well. */
  readonly unread: readonly string[];
}

/**
 * A git repository in a site, read from its objects: nothing in it is written, no lock is taken and no git is needed. What
 * a method has read it keeps. All methods throw a {@link GitFault} where something is missing or damaged.
 */
export class GitRepository {
  readonly directory: GitDirectory;
  readonly #objects: GitObjects;
  readonly #ids: BranchIds;
  readonly #ambiguous: FoundBranches['ambiguous'];
  readonly #branches = new Map<string, GitBranch>();

  constructor(path: string, site: string) {
    this.directory = findGitDirectory(path, site);
    this.#objects = new GitObjects(this.directory, site);
    const { ids, ambiguous } = readBranchIds(this.directory);
    this.#ids = ids;
    this.#ambiguous = ambiguous;
    if (this.#ids.size === 0) throw new GitFault('it has no commit; make one with: git commit');
  }

  /** All branches whose names a branch may have, sorted. */
  get branchNames(): readonly string[] {
    return [...this.#ids.keys()].filter((name) => branchNameFault(name) === undefined);
  }

  /** The branches that have names which no branch may have, each with why. */
  get branchNameFaults(): readonly { readonly name: string; readonly fault: string }[] {
    return [...this.#ids.keys()].flatMap((name) => {
      const fault = branchNameFault(name);
      return fault === undefined ? [] : [{ name, fault }];
    });
  }

  readBranch(name: string): GitBranch {
    const known = this.#branches.get(name);
    if (known) return known;
    const remotes = this.#ambiguous.get(name);
    if (remotes)
      throw new GitFault(
        `the remotes ${remotes.join(' and ')} have different ones, and there is none here: ` +
          `git branch ${name} ${remotes[0]}/${name}, or that of another one`,
      );
    const commit = this.#ids.get(name);
    if (commit === undefined) throw new GitFault(`the branch '${name}' points to no commit`);
    const branch = { name, commit, entries: readCommitTree(this.#objects, commit) };
    this.#branches.set(name, branch);
    return branch;
  }

  /**
   * The branches that are not where origin has them, as long as none of them is checked out: of a submodule that was
   * updated git moves HEAD alone, and its branches stay behind.
   */
  get branchesLeftBehind(): readonly MovedBranch[] {
    const head = readHead(this.directory);
    return head !== undefined && 'commit' in head ? readMovedBranches(this.directory) : [];
  }

  /** Why a file cannot be read, as far as that can be told without reading it; undefined if it seems to be there. */
  findFileFault({ type, id }: TreeEntry): string | undefined {
    return type === 'submodule' ? undefined : this.#objects.findFault(id);
  }

  readFile(entry: TreeEntry): Buffer {
    return this.#objects.read(entry.id, 'blob');
  }

  /** Undefined where nothing is checked out; new files below `except` do not count as uncommitted. */
  readWorkTree(except?: string): WorkTree | undefined {
    const { workTree } = this.directory;
    const head = readHead(this.directory);
    if (workTree === undefined) return undefined;
    if (head === undefined) throw new GitFault('its HEAD is damaged');
    const branch = 'branch' in head ? head.branch : undefined;
    const entries = this.#readHeadEntries(head);
    const { changed, unread } = findUncommittedFiles({ ...this.directory, workTree }, entries, except);
    return { branch, head: entries, uncommitted: changed, unread };
  }

  /** A branch that is checked out and has no commit yet has nothing in it. */
  #readHeadEntries(head: { branch: string } | { commit: string }): readonly TreeEntry[] {
    if ('commit' in head) return readCommitTree(this.#objects, head.commit);
    return this.#ids.has(head.branch) ? this.readBranch(head.branch).entries : [];
  }
}
