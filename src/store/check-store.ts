import * as v from 'valibot';
import { askPortage, pkgdirOf, quarantineOf, type Question, type StoreMount } from './portage-program.ts';

/** A file in a partition that is not used as a package of it. */
export interface UnusedPackage {
  /** The path of the file, relative to the partition. */
  readonly path: string;
  /** `category/name-version`; empty if nothing names the package. */
  readonly cpv: string;
  readonly why: string;
}

/** The state of a partition. */
export interface StoreCheck {
  /** Faults of the index: it is missing or cut, it hides packages, or it names packages that do not exist. */
  readonly faults: readonly string[];
  /** Files that are broken, and packages of other settings. */
  readonly unfit: readonly UnusedPackage[];
  /** Files that cannot be verified in this container, which does not mean that they are broken. */
  readonly unverified: readonly UnusedPackage[];
  /** The number of packages that are neither unfit nor unverified. */
  readonly packages: number;
  /** Whether the partition is in order, so that `mend` has nothing to write. */
  readonly isInOrder: boolean;
  /** Whether Portage's configuration asks for signatures of binary packages. */
  readonly signatures: boolean;
  /** Whether Portage's configuration asks for binary packages of remote hosts. */
  readonly remote: boolean;
  /** Whether the store has packages of zentoo 0.1.0, of whatever settings. */
  readonly former: boolean;
}

const unusedPackages = v.array(v.object({ path: v.string(), cpv: v.string(), why: v.string() }));

/** The answer of `check-store.py`. */
export const storeCheck = v.object({
  faults: v.array(v.string()),
  unfit: unusedPackages,
  unverified: unusedPackages,
  packages: v.number(),
  isInOrder: v.boolean(),
  signatures: v.boolean(),
  remote: v.boolean(),
  former: v.boolean(),
});

const aboutStore: Question = {
  code: 'store-corrupt',
  task: 'check the binary packages',
  hint: 'read the output of Portage above: the store must be mounted, and Portage must work in the container',
};

/** Options of {@link mendStore}. */
export interface MendOptions {
  /**
   * Whether all files are read again and unpacked, also unchanged files that an earlier check found whole: a disk may damage a file
   * silently, and a package may have been packed wrongly.
   */
  readonly readAll?: boolean;
}

/**
 * Repairs a partition that is mounted writable. It looks for files that Portage would ignore without a message, or would use
 * and must not: a broken index, empty or broken files, packages whose recorded CHOST or CFLAGS differ from Portage's
 * configuration (`package.env` included). Such a file moves to `quarantine/<partition>` beside all partitions, with a text file
 * that gives the reason, and Portage writes the index again under its own lock. The content of each file is checked once, and
 * again if its size or one of its times has changed. A file that cannot be verified stays where it is, without an entry in the
 * index: verdict.py has that rule. Returns the faults. A partition that does not exist has no faults.
 */
export async function mendStore(store: StoreMount, { readAll = false }: MendOptions = {}): Promise<StoreCheck> {
  const ask = (step: 'glance' | 'mend') => askAboutStore(store, step, readAll ? ['all'] : []);
  // If the answer of `mend` is lost, it runs again and finds nothing: `glance` returns the faults beforehand.
  const before = await ask('glance');
  if (before.isInOrder) return before;
  const mended = await ask('mend');
  return mended.faults.length + mended.unfit.length > 0 ? mended : { ...before, packages: mended.packages };
}

/** Looks at a partition as {@link mendStore} does, and writes nothing: the store may be mounted read-only. */
export function glanceAtStore(store: StoreMount): Promise<StoreCheck> {
  return askAboutStore(store, 'glance', []);
}

function askAboutStore(store: StoreMount, step: 'glance' | 'mend', options: readonly string[]): Promise<StoreCheck> {
  const program = [...checkModules(), new URL('./check-store.py', import.meta.url)];
  return askPortage(store, program, [step, pkgdirOf(store), quarantineOf(store), ...options], storeCheck, aboutStore);
}

/** The Python modules of programs that check packages. */
export function checkModules(): readonly URL[] {
  return ['former-store.py', 'verdict.py', 'fitness.py', 'index.py', 'reindex.py'].map(
    (name) => new URL(name, import.meta.url),
  );
}
