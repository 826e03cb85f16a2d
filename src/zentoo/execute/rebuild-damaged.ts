import { addPackages } from '../../plan/package-pool.ts';
import type { Buildmaster } from '../buildmaster/make-buildmaster.ts';
import { compilePackages } from '../compile/compile-packages.ts';
import { mendTuplePartition, resolveTuples } from '../compile/resolve-tuples.ts';
import type { Share } from '../run/machine-share.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/**
 * Repairs a tuple's partition of the store after an assembly found a damaged package: an assembly has the store read-only. All
 * files are read, because the damaged one has not changed since the check before the build. Then compiles the packages that the
 * tuple lacks. Returns whether there was something to repair.
 */
export async function rebuildDamaged(
  run: SiteRun,
  work: TupleWork,
  buildmaster: Buildmaster,
  share: Share,
): Promise<boolean> {
  const { faults, unfit } = await mendTuplePartition(run, work, buildmaster, { readAll: true });
  if (faults.length + unfit.length === 0) return false;
  const { abilities, tuples } = await resolveTuples(run, [work], buildmaster);
  for (const answer of tuples) {
    if (answer.type === 'refused') return false;
    for (const { packages, dependencies } of addPackages(new Map(), answer.resolved).groups)
      await compilePackages(run, { work, buildmaster, packages, dependencies, abilities, share });
  }
  return true;
}
