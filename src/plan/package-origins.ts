import type { Pretended } from '../portage/output/pretend-output.ts';
import { planPackages } from './plan-packages.ts';
import type { PackageOrigin } from './work-answer.ts';

/** Finds the origin of each package that Portage would merge, and why, as `zentoo plan` tells it. */
export function findOrigins(pretended: Pretended): readonly PackageOrigin[] {
  const merged = pretended.packages.filter(({ action }) => action === 'merge');
  const plans = planPackages({ ...pretended, packages: merged }, { stored: undefined, installed: [] });
  return plans.map(({ cpv, why }, index) => {
    const { kind, fetch } = merged[index] ?? {};
    const origin = kind === 'ebuild' ? 'compiled' : fetch === 'remote' ? 'upstream' : 'reused';
    return { cpv, origin, why };
  });
}
