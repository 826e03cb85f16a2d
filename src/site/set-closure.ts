import type { Place } from '../failure.ts';
import type { Atom } from '../portage/atom.ts';
import type { PackageSet, Site, Tuple } from './site.ts';

/** What has to be in /etc/portage/sets for a package set to be one there, and all that it comes to. */
export interface SetClosure {
  /** The files by name, the set itself first; a branch's own one is among the branch's entries, too. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Every atom, once for each place where it stands. */
  readonly atoms: readonly { readonly atom: Atom; readonly place: Place }[];
}

/**
 * A tuple's package set with the sets that it names, and those that they name: the branch's own and the site's. Others are
 * Portage's, or those of an ebuild repository.
 */
export function closePackageSet(site: Site, { portage, packages }: Tuple): SetClosure {
  const find = (name: string) =>
    portage.sets.find((set) => set.name === name) ?? site.sets.find((set) => set.name === name);
  const all = new Set<PackageSet>([packages]);
  // What is added to a set while it is gone through is gone through as well.
  for (const { sets } of all)
    for (const name of sets) {
      const nested = find(name.slice('@'.length));
      if (nested) all.add(nested);
    }
  const closure = [...all];
  return {
    files: closure.map(({ name, text }) => ({ name, text })),
    atoms: closure.flatMap(({ atoms, places }) =>
      atoms.flatMap((atom, index) => {
        const place = places[index];
        return place ? [{ atom, place }] : [];
      }),
    ),
  };
}
