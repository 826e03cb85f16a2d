import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { abbreviate } from '../../abbreviate.ts';
import { Failure } from '../../failure.ts';
import { startOf, type Diagnostics } from '../diagnostics.ts';
import { parseGitConfig } from '../git/git-config.ts';
import { readIfThere } from '../git/git-directory.ts';
import { GitRepository, type GitBranch, type WorkTree } from '../git/git-repository.ts';
import type { TreeEntry } from '../git/git-tree.ts';
import { describeFault, reportFaults } from './report-faults.ts';
import type { Branch, BranchEntry, BranchLeftBehind, UncommittedWork } from '../site.ts';

/** `config/portage` or `config/buildhooks`: the branches of a site, with their faults as diagnostics. */
export class SiteRepository {
  /** The path relative to the site. */
  readonly path: string;
  readonly git: GitRepository;
  readonly #workTree: WorkTree | undefined;
  readonly #diagnostics: Diagnostics;
  readonly #branches = new Map<string, Branch>();

  private constructor(path: string, git: GitRepository, workTree: WorkTree | undefined, diagnostics: Diagnostics) {
    this.path = path;
    this.git = git;
    this.#workTree = workTree;
    this.#diagnostics = diagnostics;
  }

  /**
   * Opens a repository. Reports a fault and returns undefined if there is none at the path or it cannot be read. New files
   * below `except` do not count as uncommitted.
   */
  static open(site: string, path: string, diagnostics: Diagnostics, except?: string): SiteRepository | undefined {
    if (isMissingSubmodule(site, path)) {
      diagnostics.add(startOf(path), 'it is a submodule that is not checked out: git submodule update --init');
      return undefined;
    }
    if (!existsSync(join(site, path))) {
      diagnostics.add(startOf(path), 'there is no such directory: it must be a git repository');
      return undefined;
    }
    const git = reportFaults(diagnostics, startOf(path), () => new GitRepository(join(site, path), site));
    for (const { name, fault } of git?.branchNameFaults ?? [])
      diagnostics.add(startOf(path), `the name of the branch ${abbreviate(name)} ${fault}`);
    if (git === undefined) return undefined;
    const workTree = reportFaults(diagnostics, startOf(path), () => git.readWorkTree(except));
    return new SiteRepository(path, git, workTree, diagnostics);
  }

  get branchNames(): readonly string[] {
    return this.git.branchNames;
  }

  /** The name of a branch, or of a file of it, in diagnostics. */
  fileOf(branch: string, path?: string): string {
    return `${this.path}@${branch}${path === undefined ? '' : `:${path}`}`;
  }

  /** The entries of a branch, without reporting its faults; undefined if the branch cannot be read. */
  peekBranch(name: string): readonly BranchEntry[] | undefined {
    try {
      return this.#entriesOf(this.git.readBranch(name), () => {});
    } catch (error) {
      describeFault(error);
      return undefined;
    }
  }

  /** Reads an existing branch that a tuple uses. Reports a fault and returns undefined if it cannot be read. */
  useBranch(name: string): Branch | undefined {
    const known = this.#branches.get(name);
    if (known) return known;
    return reportFaults(this.#diagnostics, startOf(this.fileOf(name)), () => {
      const git = this.git.readBranch(name);
      const report = (file: string, message: string) => this.#diagnostics.add(startOf(file), message);
      const { commit } = git;
      const contains = (sought: string) => this.git.contains(commit, sought);
      const branch = { name, commit, contains, entries: this.#entriesOf(git, report) };
      this.#branches.set(name, branch);
      for (const entry of git.entries) {
        const fault = this.git.findFileFault(entry);
        if (fault !== undefined) report(this.fileOf(name, entry.path), fault);
      }
      return branch;
    });
  }

  /** The branches that tuples use. */
  get usedBranches(): readonly Branch[] {
    return [...this.#branches.values()];
  }

  #entriesOf({ name, entries }: GitBranch, report: (file: string, message: string) => void): readonly BranchEntry[] {
    return entries.flatMap((entry) => {
      const { path, type, id } = entry;
      const file = this.fileOf(name, path);
      if (type !== 'submodule') return [{ path, type, id, read: () => this.#readFile(entry, file) }];
      report(file, 'it is a submodule: its files are not in this repository');
      return [];
    });
  }

  #readFile(entry: TreeEntry, file: string): Buffer {
    try {
      return this.git.readFile(entry);
    } catch (error) {
      throw new Failure('site-invalid', `${file}:1:1: ${describeFault(error)}`, { place: startOf(file), cause: error });
    }
  }

  /** The committed paths of the checked-out branch; empty if nothing is checked out. */
  get committedPaths(): ReadonlySet<string> {
    return new Set(this.#workTree?.head.map((entry) => entry.path));
  }

  /** The branches whose remote has another commit, if HEAD is detached; the local branches are built. */
  get branchesLeftBehind(): readonly BranchLeftBehind[] {
    return this.git.branchesLeftBehind.map((branch) => ({ repository: this.path, ...branch }));
  }

  /** The uncommitted changes of the working tree, as a list of one; empty if there are none. */
  get uncommittedWork(): readonly UncommittedWork[] {
    const { branch, uncommitted: paths = [], unread = [] } = this.#workTree ?? {};
    return paths.length + unread.length === 0 ? [] : [{ repository: this.path, branch, paths, unread }];
  }
}

/** Whether a path is a submodule of the site's own repository that is not checked out. */
function isMissingSubmodule(site: string, path: string): boolean {
  try {
    if (existsSync(join(site, path)) && readdirSync(join(site, path)).length > 0) return false;
    const modules = parseGitConfig(readIfThere(join(site, '.gitmodules')) ?? '');
    return [...modules].some(([key, value]) => /^submodule\..*\.path$/s.test(key) && value === path);
  } catch (error) {
    // A fault of the directory is reported when it is read as a repository.
    describeFault(error);
    return false;
  }
}
