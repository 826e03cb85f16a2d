import { crossEnvironment, crossRoot, repositoryLinks, type RepositoryLink } from '../../portage/cross-root.ts';
import type { Tuple } from '../../site/site.ts';

/** Where in its container a tuple's root is made: `/`, or below it where the stage compiles for another CHOST. */
export interface RootPlace {
  /** `/`, or an absolute path without a slash at its end. */
  readonly root: string;
  /** The root's /etc/portage. */
  readonly configuration: string;
  /** For whatever of Portage works on this root. */
  readonly environment: Readonly<Record<string, string>>;
  /** By which the repositories are found in it while Portage works. */
  readonly links: readonly RepositoryLink[];
}

/** The place of a tuple's root. */
export function placeOf({ cross, cpu, portage }: Pick<Tuple, 'cross' | 'cpu' | 'portage'>): RootPlace {
  if (!cross) return { root: '/', configuration: '/etc/portage', environment: {}, links: [] };
  const root = crossRoot(cpu.chost);
  const locations = portage.repositories.map(({ location }) => location);
  return {
    root,
    configuration: `${root}/etc/portage`,
    environment: crossEnvironment(cpu.chost),
    links: repositoryLinks(cpu.chost, locations),
  };
}
