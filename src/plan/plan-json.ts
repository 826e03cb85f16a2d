import { throwawayFeatures } from '../portage/throwaway-features.ts';
import type { SitePlan, TuplePlan } from './plan.ts';

/**
 * The object that `zentoo plan --json` prints. Programs may rely on it: members are only added. An unknown value is null.
 * Actions: of a tuple `none`, `build`, `fail`; of a buildmaster `reuse`, `make`; of a package `compile`, `reuse`,
 * `installed-by-stage`, `remove`, `fail`; of an output `keep`, `make`.
 */
export function describePlanForPrograms(plan: SitePlan): object {
  return {
    site: plan.site,
    trees: plan.trees.map(({ repository, revision, locked }) => ({
      ...{ repository, revision: revision ?? null, locked: locked ?? null },
    })),
    buildmasters: plan.buildmasters.map(({ name, stage, action, why, image }) => ({ name, stage, action, why, image })),
    tuples: plan.tuples.map(describeTuple),
    features: throwawayFeatures,
    warnings: plan.warnings.map(({ message, hint }) => ({ message, hint })),
  };
}

function describeTuple(planned: TuplePlan): object {
  const { tuple, why, buildmaster, partition, packages, notes, unforeseen, failure, outputs } = planned;
  return {
    tuple: tuple.name,
    action: actionOf(planned),
    why,
    cpu: tuple.cpu.name,
    portage: { branch: tuple.portage.name, commit: tuple.portage.commit },
    buildhooks: { branch: tuple.buildhooks.name, commit: tuple.buildhooks.commit },
    set: tuple.packages.name,
    stage: tuple.stage.name,
    cross: tuple.cross,
    buildmaster: buildmaster.name,
    partition: partition ?? null,
    packages: packages.map(({ action, cpv, slot, repository, why: reason, use, from }) => ({
      ...{ action, cpv, slot, repository, why: reason, use, from: from ?? null },
    })),
    outputs: outputs.map(({ output, name, action, why: reason }) => ({ output, name, action, why: reason })),
    notes,
    unforeseen,
    failure: failure ? { code: failure.code, message: failure.message, hint: failure.hint ?? null } : null,
  };
}

/** The action of a build for a tuple. */
export function actionOf({ upToDate, failure }: TuplePlan): 'none' | 'build' | 'fail' {
  if (failure) return 'fail';
  return upToDate ? 'none' : 'build';
}
