import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { abbreviate } from '../abbreviate.ts';
import { Failure } from '../failure.ts';
import { startOf, type Diagnostics } from './diagnostics.ts';
import { parseGitConfig } from './git/git-config.ts';
import { readIfThere } from './git/git-directory.ts';
import { GitRepository, type GitBranch, type WorkTree } from './git/git-repository.ts';
import type { TreeEntry } from './git/git-tree.ts';
import { describeFault, reportFaults } from './report-faults.ts';
import type { Branch, BranchEntry, BranchLeftBehind, UncommittedWork } from './site.ts';

/** `config/portage` or `config/buildhooks`: its branches as a site sees them, what is wrong with them as diagnostics. */
export class SiteRepository {
  /** The path in the site. */
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
   * Undefined, with a diagnostic, if there is no repository at the path or it cannot be read. New files below `except`
   * are no uncommitted work.
   */
  static open(site: string, path: string, diagnostics: Diagnostics, except?: string): SiteRepository | undefined {
    if (isMissingSubmodule(site, path)) {
      diagnostics.add(startOf(path), 'it is a submodule that is not there yet: git submodule update --init');
      return undefined;
    }
    if (!existsSync(join(site, path))) {
      diagnostics.add(startOf(path), 'there is no such directory; it must be a git repository');
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

  /** How diagnostics name what a branch has committed. */
  fileOf(branch: string, path?: string): string {
    return `${this.path}@${branch}${path === undefined ? '' : `:${path}`}`;
  }

  /** What a branch has, without a word about what is wrong with it; undefined if it cannot be read. */
  peekBranch(name: string): readonly BranchEntry[] | undefined {
    try {
      return this.#entriesOf(this.git.readBranch(name), () => {});
    } catch (error) {
      describeFault(error);
      return undefined;
    }
  }

  /** A branch that exists by name, ready to be used; undefined, with a diagnostic, if it cannot be read. */
  useBranch(name: string): Branch | undefined {
    const known = this.#branches.get(name);
    if (known) return known;
    return reportFaults(this.#diagnostics, startOf(this.fileOf(name)), () => {
      const git = this.git.readBranch(name);
      const report = (file: string, message: string) => this.#diagnostics.add(startOf(file), message);
      const branch = { name, commit: git.commit, entries: this.#entriesOf(git, report) };
      this.#branches.set(name, branch);
      for (const entry of git.entries) {
        const fault = this.git.findFileFault(entry);
        if (fault !== undefined) report(this.fileOf(name, entry.path), fault);
      }
      return branch;
    });
  }

  /** The branches that were made ready to be used. */
  get usedBranches(): readonly Branch[] {
    return [...this.#branches.values()];
  }

  #entriesOf({ name, entries }: GitBranch, report: (file: string, message: string) => void): readonly BranchEntry[] {
    return entries.flatMap((entry) => {
      const { path, type, id } = entry;
      const file = this.fileOf(name, path);
      if (type !== 'submodule') return [{ path, type, id, read: () => this.#readFile(entry, file) }];
      report(file, 'it is a submodule: what is in it is not in this repository');
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

  /** The paths that are committed in what is checked out; none where nothing is. */
  get committedPaths(): ReadonlySet<string> {
    return new Set(this.#workTree?.head.map((entry) => entry.path));
  }

  /** The branches that origin has elsewhere, where HEAD is detached; this repository's own are what is built. */
  get branchesLeftBehind(): readonly BranchLeftBehind[] {
    return this.git.branchesLeftBehind.map((branch) => ({ repository: this.path, ...branch }));
  }

  /** What of the working tree is in no commit, as a list of one; empty if there is nothing of that kind. */
  get uncommittedWork(): readonly UncommittedWork[] {
    const { branch, uncommitted: paths = [], unread = [] } = this.#workTree ?? {};
    return paths.length + unread.length === 0 ? [] : [{ repository: this.path, branch, paths, unread }];
  }
}

/** Whether the site's own repository has a submodule at a path, and nothing is there. */
function isMissingSubmodule(site: string, path: string): boolean {
  try {
    if (existsSync(join(site, path)) && readdirSync(join(site, path)).length > 0) return false;
    const modules = parseGitConfig(readIfThere(join(site, '.gitmodules')) ?? '');
    return [...modules].some(([key, value]) => /^submodule\..*\.path$/s.test(key) && value === path);
  } catch (error) {
    // Whatever is wrong with the directory is said when it is read as a repository.
    describeFault(error);
    return false;
  }
}
