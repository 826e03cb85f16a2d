import type { OrderOf } from '../../plan/work-order.ts';
import { findBuildmaster, type Buildmaster } from '../buildmaster/make-buildmaster.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/**
 * Throws if the executor's copy of the site needs another buildmaster than the order names: then its site, stage or trees
 * differ from the order's.
 */
export function requireBuildmaster({ buildmaster: own }: TupleWork, name: string): void {
  if (own.name !== name)
    throw new Error(`the order is for the buildmaster ${name}, and this copy of the site needs ${own.name}`);
}

/** Finds the buildmaster image that an order names. If it was missing, an earlier order has made it. */
export async function buildmasterNamed(run: SiteRun, work: TupleWork, name: string): Promise<Buildmaster> {
  requireBuildmaster(work, name);
  const found = await findBuildmaster(run, work);
  if (found === undefined) throw new Error(`the buildmaster of ${work.tuple.name} is gone`);
  return found;
}

/** Throws if the executor's copy of the site gives another fingerprint than the order has. */
export function requireFingerprint({ fingerprint }: TupleWork, order: OrderOf<'assemble'>): void {
  if (fingerprint.digest !== order.fingerprint)
    throw new Error(
      `the order is for ${order.tuple} with the fingerprint ${order.fingerprint}, and this copy of the site gives ${fingerprint.digest}`,
    );
}
