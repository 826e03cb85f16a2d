import * as v from 'valibot';
import { enabledFlags, type PretendedPackage } from '../portage/output/pretend-package.ts';
import { askPortage, type StoreMount } from './portage-program.ts';

/**
 * Finds the dependencies among packages that emerge would merge: for each package, the positions of the packages that it needs to
 * run and, if it is compiled, to be built. The answer comes from Portage's metadata, in the container in which emerge was asked.
 */
export function findDependencies(
  store: StoreMount,
  packages: readonly PretendedPackage[],
): Promise<readonly (readonly number[])[]> {
  const args = packages.map((item) => {
    const { cpv, repository, root = '/', kind, use } = item;
    // The dependencies of installed and binary packages name sub-slots.
    const slot = `${item.slot}/${item.subslot}`;
    return JSON.stringify({ cpv, slot, repository, root, compiled: kind === 'ebuild', use: enabledFlags(use) });
  });
  return askPortage(store, new URL('./dependencies.py', import.meta.url), args, packageNeeds(packages.length));
}

/** The answer of `dependencies.py` about `count` packages. */
export function packageNeeds(count: number) {
  const position = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(count - 1));
  return v.pipe(v.array(v.array(position)), v.length(count));
}
