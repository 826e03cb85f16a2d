import { posix } from 'node:path';

/**
 * How Portage is told to build for another CHOST than the one that it runs on. The root that is built lies in a directory
 * of the container, with the configuration in its own /etc/portage; what is needed to build (BDEPEND) goes to `/`, by
 * the configuration of the stage. DEPEND is looked for in that root, where a cross compiler looks for headers and
 * libraries as well: `/usr/<CHOST>`, as crossdev has it. emerge(1), ROOT and SYSROOT; ebuild(5), BDEPEND.
 */

/** The directory of the root, the same wherever it is compiled for or assembled. */
export function crossRoot(chost: string): string {
  return `/usr/${chost}`;
}

/**
 * What Portage is told by its environment, beside what any emerge is. All other variables of that environment hold for
 * this root alone: Portage forgets them for what goes to `/` (`portage.create_trees`), see {@link nativeSettings}.
 */
export function crossEnvironment(chost: string): Readonly<Record<string, string>> {
  const root = crossRoot(chost);
  // SYSROOT has to be `/` or ROOT: everything else is refused.
  return { PORTAGE_CONFIGROOT: root, ROOT: root, SYSROOT: root };
}

/** For the root's make.conf, after what the branch says: who compiles. It keeps ldconfig(8) of glibc out, too. */
export function crossSettings(stageChost: string): Readonly<Record<string, string>> {
  return { CBUILD: stageChost };
}

/** Absolute paths, in the container. */
export interface NativePaths {
  /** The partition of packages that are compiled by the stage's own configuration; never that of the root. */
  readonly pkgdir: string;
  readonly distdir?: string | undefined;
  readonly logdir?: string | undefined;
}

/** For the stage's own make.conf: what a native emerge would be told by its environment, which does not reach it here. */
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
 * The links by which each repository is in the root as well while Portage works, for a make.profile that is a relative
 * link: `../../var/db/repos/...` leads out of /etc/portage, wherever that lies. A mount would not do: Portage takes a
 * profile for a repository's by its real path. A repository within another is found through the other's link.
 */
export function repositoryLinks(chost: string, locations: readonly string[]): readonly RepositoryLink[] {
  const outermost = locations.filter((one) => !locations.some((other) => one.startsWith(`${other}/`)));
  return [...new Set(outermost)].map((location) => ({
    path: posix.join(crossRoot(chost), location),
    target: location,
  }));
}

/** Why a stage cannot compile for a CHOST as for another one; undefined if it can, as far as names tell. */
export function crossObstacle(stageChost: string, chost: string): string | undefined {
  if (stageChost !== chost) return undefined;
  return `the stage is itself ${chost}, so that it compiles for it without cross: true`;
}
