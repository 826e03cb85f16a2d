import type { Atom, SetName } from '../portage/atom.ts';
import type { Place } from '../failure.ts';
import type { OutputName } from '../output-name.ts';
import type { TmpfsSetting } from '../quantity.ts';
import type { Repository } from '../portage/configuration/repos-conf.ts';

/**
 * A site as it was on disk when it was read: consistent and frozen. Names are unique in their lists, which keep the order of
 * the files.
 */
export interface Site {
  /** The absolute path of the site's directory. */
  readonly directory: string;
  readonly name: string;
  /** The site's identity, which all its clones have; undefined if site.yaml has none. */
  readonly id: string | undefined;
  /** The commit of the site's own repository that is checked out; undefined if the site's directory is no git repository. */
  readonly head: Commit | undefined;
  readonly cpus: readonly Cpu[];
  readonly stages: readonly Stage[];
  readonly volumes: SiteVolumes;
  readonly limits: Limits;
  /** The place where packages are built: a tmpfs or a volume. A size is in bytes and applies to each container. */
  readonly tmpfs: TmpfsSetting;
  /** Whether builds use ccache. */
  readonly ccache: boolean;
  /** The further engines that compile packages. */
  readonly engines: readonly SiteEngine[];
  /** The Docker Swarm whose nodes compile packages; undefined if none does. */
  readonly swarm: SwarmSettings | undefined;
  readonly tuples: readonly Tuple[];
  /** The sets that all branches share. */
  readonly sets: readonly PackageSet[];
  /** The ebuild repositories of all tuples' portage branches, each once, sorted by name. */
  readonly repositories: readonly SiteTree[];
  /** Changes in the working trees that are not committed and therefore not built. */
  readonly uncommitted: readonly UncommittedWork[];
  /** Branches that git did not move when it updated a submodule. */
  readonly leftBehind: readonly BranchLeftBehind[];
  /** Settings that have no effect, although they are not refused. */
  readonly notes: readonly SiteNote[];
}

/** A note about a position in a file of the site; the message is a clause. */
export interface SiteNote {
  readonly place: Place;
  readonly message: string;
}

/** Settings of make.conf for one kind of processor. */
export interface Cpu {
  readonly name: string;
  readonly chost: string;
  readonly cflags: string;
  /** `CPU_FLAGS_X86` and similar variables, sorted by name. */
  readonly cpuFlags: readonly { readonly variable: string; readonly flags: string }[];
}

/** The part of a stage that is recompiled for each processor. */
export type Optimize = 'none' | 'toolchain' | 'system';

/** A public stage image, and the portage branches that start from it. */
export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly optimize: Optimize;
  /** The branches that use the stage; undefined for the one stage that serves all branches that no other stage names. */
  readonly branches: readonly string[] | undefined;
}

/** Names of volumes, or absolute paths on the engine's host; zentoo chooses a volume if one is undefined or absent. */
export interface SiteVolumes {
  readonly binpkgs: string | undefined;
  readonly distfiles: string | undefined;
  readonly trees: readonly { readonly repository: string; readonly source: string }[];
}

/** The limits of one container. */
export interface Limits {
  /** The memory in bytes; undefined means no limit. */
  readonly memory: number | undefined;
  readonly cpus: number | undefined;
  /** Packages that are not built on the tmpfs. */
  readonly bigPackages: readonly Atom[];
}

/** A root to build. */
export interface Tuple {
  /** `<cpu>-<portage>-<buildhooks>-<packages>`. */
  readonly name: string;
  readonly cpu: Cpu;
  readonly portage: PortageBranch;
  readonly buildhooks: Branch;
  readonly packages: PackageSet;
  readonly stage: Stage;
  /** Whether this is a cross build: the stage's compiler compiles for another CHOST. */
  readonly cross: boolean;
  readonly outputs: readonly OutputName[];
}

/** A commit of a git repository. */
export interface Commit {
  /** The commit's id, in hexadecimal digits. */
  readonly commit: string;
  /** Whether a commit is this one or one of its ancestors; undefined if the repository does not have the whole history. */
  readonly contains: (commit: string) => boolean | undefined;
}

/** The committed state of a branch of config/portage or config/buildhooks. */
export interface Branch extends Commit {
  readonly name: string;
  /** The files and symbolic links, sorted by path; directories are implied. */
  readonly entries: readonly BranchEntry[];
}

/** A branch of config/portage: a whole /etc/portage. */
export interface PortageBranch extends Branch {
  /** The repositories in its repos.conf, sorted by name; no two have the same location. */
  readonly repositories: readonly Repository[];
  /** The branch's own sets, which override shared sets of the same names. */
  readonly sets: readonly PackageSet[];
}

/**
 * An ebuild repository that several branches share. They agree on sync-type and sync-uri; the location is that of one of
 * them; the repository is synced if one of them has auto-sync.
 */
export interface SiteTree extends Repository {
  /** The names of the branches that name the repository, sorted. */
  readonly branches: readonly string[];
}

/** A file or symbolic link of a branch. */
export interface BranchEntry {
  /** The path relative to the branch's top, with `/`; no part is empty, `.`, `..` or `.git`. */
  readonly path: string;
  readonly type: 'file' | 'executable' | 'symlink';
  /** The id of the git object with the content. */
  readonly id: string;
  /** Reads the content of the file, or the target of the link, from the repository. Throws a `Failure`. */
  readonly read: () => Buffer;
}

/** A package set of a branch or of the site. */
export interface PackageSet {
  /** The name, without `@`. */
  readonly name: string;
  /** The path of the file in diagnostics. */
  readonly file: string;
  /** The text of the file. */
  readonly text: string;
  readonly atoms: readonly Atom[];
  /** The positions of the atoms, in the same order. */
  readonly places: readonly Place[];
  /** The sets that it contains, with `@`: sets of the site, of Portage, or possibly of an ebuild repository. */
  readonly sets: readonly SetName[];
}

/** A branch whose commit differs from that of the same branch in the remote repository. */
export interface BranchLeftBehind {
  /** `config/portage` or `config/buildhooks`. */
  readonly repository: string;
  readonly name: string;
  /** The commit of the local branch, which is built. */
  readonly own: string;
  /** The name of the remote, mostly `origin`. */
  readonly remote: string;
  /** The commit of the branch in the repository `remote`, at the last fetch. */
  readonly origin: string;
}

/** Uncommitted changes in the working tree of a repository. */
export interface UncommittedWork {
  /** `config/portage` or `config/buildhooks`. */
  readonly repository: string;
  /** The branch that is checked out; undefined if HEAD is detached. */
  readonly branch: string | undefined;
  /** The files that were added, changed or removed since HEAD, sorted. */
  readonly paths: readonly string[];
  /** The files and directories that could not be read, sorted; they may have changes, too. */
  readonly unread: readonly string[];
}

/** A further engine that site.yaml names. */
export interface SiteEngine {
  /** As in `DOCKER_HOST`, or the name of a docker context. */
  readonly address: string;
  /** The number of build containers at the same time; chosen by the machine if undefined. */
  readonly jobs: number | undefined;
}

/** How builds use the nodes of the engine's swarm. */
export interface SwarmSettings {
  /** Where nodes pull the image gentoo-builder from, such as `registry.example.org:5000/zentoo`; undefined if each has it already. */
  readonly registry: string | undefined;
  /** Whether the network of the node proxies is encrypted by the kernels, besides TLS. */
  readonly encrypted: boolean;
}
