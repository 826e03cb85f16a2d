import type { Atom, SetName } from '../portage/atom.ts';
import type { Place } from '../failure.ts';
import type { TmpfsSetting } from '../quantity.ts';
import type { Repository } from '../portage/repos-conf.ts';

/**
 * A site as it is on disk at one moment: everything below is consistent and frozen. Names are unique in their lists,
 * which keep the order of their files.
 */
export interface Site {
  /** The absolute path of its directory. */
  readonly directory: string;
  readonly name: string;
  readonly cpus: readonly Cpu[];
  readonly stages: readonly Stage[];
  readonly volumes: Volumes;
  readonly limits: Limits;
  /** Where packages are built; a size is in bytes, and each container's. */
  readonly tmpfs: TmpfsSetting;
  /** Whether builds keep what compilers made of each file, and take it from there. */
  readonly ccache: boolean;
  readonly tuples: readonly Tuple[];
  /** The sets that all branches share. */
  readonly sets: readonly PackageSet[];
  /** The ebuild repositories of the tuples' portage branches, each once, sorted by name. */
  readonly repositories: readonly SiteTree[];
  /** What is in the working trees and in no commit, and so is not built. */
  readonly uncommitted: readonly UncommittedWork[];
  /** Branches of submodules that git left where they were when it updated those. */
  readonly leftBehind: readonly BranchLeftBehind[];
}

/** Settings of make.conf for one kind of processor. */
export interface Cpu {
  readonly name: string;
  readonly chost: string;
  readonly cflags: string;
  /** `CPU_FLAGS_X86` and the like, sorted by name. */
  readonly cpuFlags: readonly { readonly variable: string; readonly flags: string }[];
}

/** What of a stage is compiled anew for each processor. */
export type Optimize = 'none' | 'toolchain' | 'system';

/** A public stage, and the portage branches that start from it. */
export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly optimize: Optimize;
  /** Undefined for the one stage that all other branches start from. */
  readonly branches: readonly string[] | undefined;
}

export type Output = 'image' | 'archive';

/** Names of volumes or absolute paths on the engine's host; undefined and absent ones are the product's choice. */
export interface Volumes {
  readonly binpkgs: string | undefined;
  readonly distfiles: string | undefined;
  readonly trees: readonly { readonly repository: string; readonly source: string }[];
}

/** What one container may use. */
export interface Limits {
  /** Bytes. */
  readonly memory: number | undefined;
  readonly cpus: number | undefined;
  /** Packages that are not built on tmpfs. */
  readonly bigPackages: readonly Atom[];
}

/** One root that is to be built. */
export interface Tuple {
  /** `<cpu>-<portage>-<buildhooks>-<packages>`. */
  readonly name: string;
  readonly cpu: Cpu;
  readonly portage: PortageBranch;
  readonly buildhooks: Branch;
  readonly packages: PackageSet;
  readonly stage: Stage;
  /** Whether the stage's own compiler compiles for another CHOST. */
  readonly cross: boolean;
  readonly outputs: readonly Output[];
}

/** A branch of config/portage or config/buildhooks, as it is committed. */
export interface Branch {
  readonly name: string;
  /** The commit's id, in hexadecimal digits. */
  readonly commit: string;
  /** Its files and symbolic links, sorted by path; directories are implied. */
  readonly entries: readonly BranchEntry[];
}

/** A branch of config/portage: a whole /etc/portage. */
export interface PortageBranch extends Branch {
  /** What Portage has with its repos.conf, sorted by name; no two have one location. */
  readonly repositories: readonly Repository[];
  /** The sets that it brings itself, which come before the shared ones of the same names. */
  readonly sets: readonly PackageSet[];
}

/**
 * An ebuild repository, which all branches that name it share: they agree on its sync-type and sync-uri, its location is
 * that of one of them, and it is synced if one of them says so.
 */
export interface SiteTree extends Repository {
  /** The names of these branches, sorted. */
  readonly branches: readonly string[];
}

export interface BranchEntry {
  /** Relative to the branch's top, with `/`; no part is empty, `.`, `..` or `.git`. */
  readonly path: string;
  readonly type: 'file' | 'executable' | 'symlink';
  /** The object's id. */
  readonly id: string;
  /** What the file has in it, or a link's target; read from the repository each time. Throws `Failures`. */
  readonly read: () => Buffer;
}

export interface PackageSet {
  /** Without its `@`. */
  readonly name: string;
  /** Its file, as diagnostics name it. */
  readonly file: string;
  /** What the file has in it. */
  readonly text: string;
  readonly atoms: readonly Atom[];
  /** Where each of the atoms stands, in their order. */
  readonly places: readonly Place[];
  /** The sets that it names, with their `@`: the site's, Portage's own or, for all that is known here, a repository's. */
  readonly sets: readonly SetName[];
}

/** A branch that is not where the repository that it was cloned from has it. */
export interface BranchLeftBehind {
  /** `config/portage` or `config/buildhooks`. */
  readonly repository: string;
  readonly name: string;
  /** The commit of the branch, which is built. */
  readonly own: string;
  /** What the repository is called that it was cloned from, `origin` mostly. */
  readonly remote: string;
  /** The commit that it has there. */
  readonly origin: string;
}

export interface UncommittedWork {
  /** `config/portage` or `config/buildhooks`. */
  readonly repository: string;
  /** What is checked out there; undefined where HEAD is detached. */
  readonly branch: string | undefined;
  /** Files that were added, changed or removed since HEAD, sorted. */
  readonly paths: readonly string[];
  /** Files and directories that could not be looked at, sorted: they may have changes, too. */
  readonly unread: readonly string[];
}
