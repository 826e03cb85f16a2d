import type { Site, Tuple } from './site.ts';

/** The set files that a tuple's package set needs. */
export function siteSets(site: Site, tuple: Tuple): readonly { readonly name: string; readonly text: string }[] {
  const found = new Map([[tuple.packages.name, tuple.packages]]);
  for (const set of found.values())
    for (const name of set.sets) {
      const other = site.sets.find((one) => `@${one.name}` === name);
      if (other !== undefined && !found.has(other.name)) found.set(other.name, other);
    }
  return [...found.values()].map(({ name, atoms, sets }) => ({
    name,
    text: [...atoms, ...sets].map((line) => `${line}\n`).join(''),
  }));
}
