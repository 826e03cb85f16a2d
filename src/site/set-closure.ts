import type { Place } from '../failure.ts';
import type { Atom } from '../portage/atom.ts';
import type { PackageSet, Site, Tuple } from './site.ts';

/** The files that a package set needs in /etc/portage/sets, and the atoms of all of them. */
export interface SetClosure {
  /** The files, the set itself first. The branch's own sets are also among the entries of the branch. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** The atoms, once for each position. */
  readonly atoms: readonly { readonly atom: Atom; readonly place: Place }[];
}

/**
 * A tuple's package set with all sets that it contains, directly or through other sets, if they belong to the branch or to the
 * site. Other sets belong to Portage or to an ebuild repository.
 */
export function closePackageSet(site: Site, { portage, packages }: Tuple): SetClosure {
  const find = (name: string) =>
    portage.sets.find((set) => set.name === name) ?? site.sets.find((set) => set.name === name);
  const all = new Set<PackageSet>([packages]);
  // Iterating over a Set includes the elements that are added meanwhile.
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
