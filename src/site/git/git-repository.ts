import { containsCommit } from './git-ancestry.ts';
import { findGitDirectory, type GitDirectory } from './git-directory.ts';
import { GitFault } from './git-fault.ts';
import { GitObjects } from './git-objects.ts';
import {
  branchNameFault,
  readBranchIds,
  readHead,
  readLeftBehindBranches,
  type BranchIds,
  type FoundBranches,
  type LeftBehindBranch,
} from './git-references.ts';
import { readCommitTree, type TreeEntry } from './git-tree.ts';
import { findUncommittedFiles } from './uncommitted-files.ts';

/** The head of a branch: its commit, and the entries of the commit. */
export interface GitBranch {
  readonly name: string;
  readonly commit: string;
  readonly entries: readonly TreeEntry[];
}

/** The working tree: the checked-out branch, its committed entries, and the uncommitted files. */
export interface WorkTree {
  /** The checked-out branch; undefined if HEAD is detached. */
  readonly branch: string | undefined;
  readonly head: readonly TreeEntry[];
  readonly uncommitted: readonly string[];
  /** The paths that could not be read, and may be uncommitted. */
  readonly unread: readonly string[];
}

/**
 * A git repository in a site, read from its objects. zentoo writes nothing to it, takes no lock and needs no git program. The
 * methods cache what they read, and throw a {@link GitFault} if something is missing or damaged.
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

  /** The branches with allowed names, sorted. */
  get branchNames(): readonly string[] {
    return [...this.#ids.keys()].filter((name) => branchNameFault(name) === undefined);
  }

  /** The branches with names that are not allowed, and why. */
  get branchNameFaults(): readonly { readonly name: string; readonly fault: string }[] {
    return [...this.#ids.keys()].flatMap((name) => {
      const fault = branchNameFault(name);
      return fault === undefined ? [] : [{ name, fault }];
    });
  }

  /** Reads the head of a branch. */
  readBranch(name: string): GitBranch {
    const known = this.#branches.get(name);
    if (known) return known;
    const remotes = this.#ambiguous.get(name);
    if (remotes)
      throw new GitFault(
        `the remotes ${remotes.join(' and ')} have different commits of this branch, and there is no local one: ` +
          `git branch ${name} ${remotes[0]}/${name}, or another remote`,
      );
    const commit = this.#ids.get(name);
    if (commit === undefined) throw new GitFault(`the branch '${name}' points to no commit`);
    const branch = { name, commit, entries: readCommitTree(this.#objects, commit) };
    this.#branches.set(name, branch);
    return branch;
  }

  /**
   * The branches whose remote has another commit, if HEAD is detached; otherwise an empty list. When git updates a submodule,
   * it moves only HEAD and does not move the branches.
   */
  get branchesLeftBehind(): readonly LeftBehindBranch[] {
    const head = readHead(this.directory);
    return head !== undefined && 'commit' in head ? readLeftBehindBranches(this.directory) : [];
  }

  /** The commit that is checked out; undefined if there is none yet. */
  get headCommit(): string | undefined {
    const head = readHead(this.directory);
    if (head === undefined) return undefined;
    return 'commit' in head ? head.commit : this.#ids.get(head.branch);
  }

  /** Whether the history of the commit `head` contains a commit; undefined if the repository does not have the whole history. */
  contains(head: string, commit: string): boolean | undefined {
    return containsCommit(this.#objects, head, commit);
  }

  /** Tells why a file cannot be read, without reading it; undefined if it seems to be readable. */
  findFileFault({ type, id }: TreeEntry): string | undefined {
    return type === 'submodule' ? undefined : this.#objects.findFault(id);
  }

  /** Reads the content of a file, or the target of a link. */
  readFile(entry: TreeEntry): Buffer {
    return this.#objects.read(entry.id, 'blob');
  }

  /** Reads the working tree; undefined for a bare repository. New files below `except` do not count as uncommitted. */
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

  /** The committed entries; empty if the checked-out branch has no commit yet. */
  #readHeadEntries(head: { branch: string } | { commit: string }): readonly TreeEntry[] {
    if ('commit' in head) return readCommitTree(this.#objects, head.commit);
    return this.#ids.has(head.branch) ? this.readBranch(head.branch).entries : [];
  }
}
