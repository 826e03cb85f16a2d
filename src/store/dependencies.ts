import * as v from 'valibot';
import { enabledFlags, type PretendedPackage } from '../portage/output/pretend-package.ts';
import { askPortage, type StoreMount } from './portage-program.ts';

/** The dependencies and the inputs of packages that emerge would merge, in their order. */
export interface MergeDependencies {
  /** The positions of the packages that each package needs to run and, if it is compiled, to be built. */
  readonly needs: readonly (readonly number[])[];
  /**
   * For each package that is compiled, a digest of its ebuild with eclasses, files and checksums of sources, of the packages that it
   * needs, and of the compilers. Empty for other packages, and for live ones, whose sources are not known.
   */
  readonly inputs: readonly string[];
}

/**
 * Finds the dependencies among packages that emerge would merge, and identifies their inputs. The answer comes from Portage's
 * metadata, in the container in which emerge was asked.
 */
export function findDependencies(store: StoreMount, packages: readonly PretendedPackage[]): Promise<MergeDependencies> {
  const args = packages.map((item) => {
    const { cpv, repository, root = '/', kind, use } = item;
    // The dependencies of installed and binary packages name sub-slots.
    const slot = `${item.slot}/${item.subslot}`;
    return JSON.stringify({ cpv, slot, repository, root, compiled: kind === 'ebuild', use: enabledFlags(use) });
  });
  const program = ['sources.py', 'dependencies.py'].map((file) => new URL(file, import.meta.url));
  return askPortage(store, program, args, mergeDependenciesSchema(packages.length));
}

/** The answer of `dependencies.py` about `count` packages. */
export function mergeDependenciesSchema(count: number) {
  const position = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(count - 1));
  return v.object({
    needs: v.pipe(v.array(v.array(position)), v.length(count)),
    inputs: v.pipe(v.array(v.string()), v.length(count)),
  });
}
