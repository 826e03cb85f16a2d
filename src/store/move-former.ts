import * as v from 'valibot';
import { hookArguments, type PartitionKey } from './partition.ts';
import { askPortage, type StoreMount } from './portage-program.ts';
import { storeDirectory } from './store-directory.ts';

/** What became of the packages of zentoo 0.1.0. */
export interface MovedPackages {
  /** The number of packages that moved. */
  readonly moved: number;
  /** The packages that did not move: they are compiled again if they are needed. `path` is relative to the store. */
  readonly left: readonly { readonly path: string; readonly cpv: string; readonly why: string }[];
}

/** The answer of `move-former.py`. */
const movedPackages = v.object({
  moved: v.number(),
  left: v.array(v.object({ path: v.string(), cpv: v.string(), why: v.string() })),
});

/**
 * Moves the binary packages that zentoo 0.1.0 compiled with the settings of the container into their present partition, whose digest
 * covers more settings. A package moves if its own record proves that it was compiled with all of them; the others go to quarantine,
 * because they must be compiled again. The store must be mounted writable.
 */
export function moveFormerPackages(store: StoreMount, { cpu = '', hooks }: PartitionKey): Promise<MovedPackages> {
  const program = [
    new URL('./former-store.py', import.meta.url),
    new URL('./any-former.py', import.meta.url),
    new URL('./binpkg-partition.py', import.meta.url),
    new URL('./former-partition.py', import.meta.url),
    new URL('./verdict.py', import.meta.url),
    new URL('./reindex.py', import.meta.url),
    new URL('./recorded-settings.py', import.meta.url),
    new URL('./move-former.py', import.meta.url),
  ];
  return askPortage(store, program, [storeDirectory, store.partition, cpu, ...hookArguments(hooks)], movedPackages);
}
