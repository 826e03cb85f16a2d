import { posix } from 'node:path';

/**
 * Settings for a cross build: Portage builds for another CHOST than the one that it runs on. The root is a directory of the
 * container, and its configuration is in the root's own /etc/portage. Build tools (BDEPEND) are installed in `/`, with the
 * configuration of the stage. Portage looks for DEPEND in the root. The directory is `/usr/<CHOST>`, as with crossdev, because
 * a cross compiler looks for headers and libraries there. See emerge(1), ROOT and SYSROOT; ebuild(5), BDEPEND.
 */

/** The directory of the root; compiling and assembling use the same directory. */
export function crossRoot(chost: string): string {
  return `/usr/${chost}`;
}

/**
 * The variables that a cross build adds to emerge's environment. Other variables of the environment apply only to the root:
 * Portage ignores them for packages that it installs in `/` (`portage.create_trees`), see {@link nativeSettings}.
 */
export function crossEnvironment(chost: string): Readonly<Record<string, string>> {
  const root = crossRoot(chost);
  // Portage refuses any SYSROOT other than `/` and ROOT.
  return { PORTAGE_CONFIGROOT: root, ROOT: root, SYSROOT: root };
}

/** Variables for the end of the root's make.conf: CBUILD, the CHOST that compiles. CBUILD also prevents ldconfig(8) of glibc. */
export function crossSettings(stageChost: string): Readonly<Record<string, string>> {
  return { CBUILD: stageChost };
}

/** The directories for packages of the stage itself, as absolute paths in the container. */
export interface NativePaths {
  /** The store partition of packages for the stage itself; never the partition of the root. */
  readonly pkgdir: string;
  readonly distdir?: string | undefined;
  readonly logdir?: string | undefined;
}

/** Variables for the stage's own make.conf. A native emerge gets them by its environment, which does not apply to `/` here. */
export function nativeSettings({ pkgdir, distdir, logdir }: NativePaths): Readonly<Record<string, string>> {
  return {
    PKGDIR: pkgdir,
    ...(distdir === undefined ? {} : { DISTDIR: distdir }),
    ...(logdir === undefined ? {} : { PORTAGE_LOGDIR: logdir }),
  };
}

/** A symbolic link in a container; both are absolute paths. */
export interface RepositoryLink {
  readonly path: string;
  readonly target: string;
}

/**
 * The links that make each repository visible in the root while Portage works. They are needed for a make.profile that is a
 * relative link: `../../var/db/repos/...` leads out of the root's /etc/portage. A mount does not work, because Portage uses the
 * real path of a profile to find the profile's repository. A repository inside another one needs no separate link.
 */
export function repositoryLinks(chost: string, locations: readonly string[]): readonly RepositoryLink[] {
  const outermost = locations.filter((one) => !locations.some((other) => one.startsWith(`${other}/`)));
  return [...new Set(outermost)].map((location) => ({
    path: posix.join(crossRoot(chost), location),
    target: location,
  }));
}

/** Explains why a stage cannot cross-compile for a CHOST; undefined if nothing in the two names forbids it. */
export function crossObstacle(stageChost: string, chost: string): string | undefined {
  if (stageChost !== chost) return undefined;
  return `the stage has this CHOST itself`;
}
