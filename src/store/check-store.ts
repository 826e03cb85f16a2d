import { isRecord, listOf } from './json-answer.ts';
import { storeDirectory } from './store-directory.ts';
import { askPortage, pkgdirOf, type StoreMount } from './portage-program.ts';

/** A file of a partition that is no package of it. */
export interface UnfitPackage {
  /** Relative to the partition. */
  readonly path: string;
  /** Empty where the file does not say what it is. */
  readonly cpv: string;
  readonly why: string;
}

/** What was found in a partition. */
export interface StoreCheck {
  /** What is wrong with the index: packages that it hides, or has and that are not there, a part of it, none. */
  readonly faults: readonly string[];
  readonly unfit: readonly UnfitPackage[];
  /** How many packages are in the partition; those that do not fit are not counted. */
  readonly packages: number;
}

/**
 * Looks for what Portage itself would pass over in silence, or would use and must not: a broken index, empty or broken
 * files, packages whose recorded CHOST or CFLAGS are not what Portage's configuration (`package.env`, too) leads to.
 * Writes nothing. A partition that is not there has nothing wrong.
 */
export function inspectStore(store: StoreMount): Promise<StoreCheck> {
  return checkStore(store, 'inspect');
}

/**
 * Inspects a partition that can be written to, and puts in order what is wrong: files go into
 * `quarantine/<partition>` beside all partitions, each with a text that says why, and Portage writes the index again under
 * its own lock. Answers with what was wrong.
 */
export function mendStore(store: StoreMount): Promise<StoreCheck> {
  return checkStore(store, 'mend');
}

async function checkStore(store: StoreMount, mode: 'inspect' | 'mend'): Promise<StoreCheck> {
  const quarantine = `${storeDirectory}/quarantine/${store.partition}`;
  const ask = (step: 'glance' | 'inspect' | 'mend') =>
    askPortage(store, 'check-store', [step, pkgdirOf(store), quarantine], parseStoreCheck);
  if (mode === 'inspect') return ask('inspect');
  // Mending is run again where its answer is lost, and then finds nothing: what it finds is learnt before.
  const before = await ask('glance');
  const mended = await ask('mend');
  return mended.faults.length + mended.unfit.length > 0 ? mended : { ...before, packages: mended.packages };
}

/** What the program prints; undefined if it is something else. */
export function parseStoreCheck(json: unknown): StoreCheck | undefined {
  if (!isRecord(json)) return undefined;
  const { faults, unfit, packages } = json;
  const faultList = listOf(faults, (fault) => (typeof fault === 'string' ? fault : undefined));
  const unfitList = listOf(unfit, (each) => {
    if (!isRecord(each)) return undefined;
    const { path, cpv, why } = each;
    return typeof path === 'string' && typeof cpv === 'string' && typeof why === 'string'
      ? { path, cpv, why }
      : undefined;
  });
  if (faultList === undefined || unfitList === undefined || typeof packages !== 'number') return undefined;
  return { faults: faultList, unfit: unfitList, packages };
}
