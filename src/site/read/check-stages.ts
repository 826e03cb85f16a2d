import type { Diagnostics } from '../diagnostics.ts';
import { missingName } from './read-tuple-name.ts';
import { stageOf } from './read-tuples.ts';
import type { SiteDocument } from '../site-document.ts';

/**
 * Reports branches of a stage that do not exist, branches that two stages name, and a second stage without branches.
 * `branchNames` is undefined if the branches could not be read.
 */
export function checkStages(
  { stages, placeOf }: SiteDocument,
  branchNames: readonly string[] | undefined,
  diagnostics: Diagnostics,
): void {
  const forOthers = stages.filter(({ branches }) => branches === undefined);
  for (const { name } of forOthers.slice(1))
    diagnostics.add(
      placeOf(['stages', name]),
      `the stages '${forOthers[0]?.name}' and '${name}' both have no branches: only one stage may`,
    );
  for (const stage of stages) {
    for (const [index, branch] of (stage.branches ?? []).entries()) {
      if (branch === '') continue;
      const place = placeOf(['stages', stage.name, 'branches', index]);
      const first = stageOf(branch, stages);
      if (branchNames?.includes(branch) === false)
        diagnostics.add(place, missingName('there is no portage branch', branch, branchNames));
      else if (first && first.name !== stage.name)
        diagnostics.add(place, `the branch '${branch}' already belongs to the stage '${first.name}'`);
    }
  }
}
