import { describeBuildLog } from './build-log.ts';
import type { BuildRequest } from './build-request.ts';
import { checkPreconditions } from './check-preconditions.ts';
import { commitImage, type CommittedImage } from './commit-image.ts';
import type { BuildContext } from './context.ts';
import { describeDryRun } from './dry-run.ts';
import { emergePackages } from './emerge-packages.ts';
import { removeBuildContainer } from './remove-build-container.ts';
import { explainRefusal, inWorkspace } from './in-workspace.ts';
import { startBuildContainer } from './start-build-container.ts';
import { createStepTimer, type StepDurations } from './step-timer.ts';
import { stopBuildContainer } from './stop-build-container.ts';
import { syncRepository } from './sync-repository.ts';
import { sweepWorkspaces } from './workspace.ts';

/** What came of a run. Durations are in seconds. */
export interface BuildResult {
  readonly image: CommittedImage;
  /** `category/name-version` of everything that was merged, sorted. */
  readonly packages: readonly string[];
  readonly durations: StepDurations;
  /** Where the whole log is, as somebody on the engine's host finds it. */
  readonly log: string;
}

/** The main job: packages in, image out, and nothing left behind whatever happens in between. */
export async function buildImage(request: BuildRequest, context: BuildContext): Promise<BuildResult> {
  await explainRefusal(sweepWorkspaces(context));
  return inWorkspace(request, context, async (workspace, own) => {
    const step = createStepTimer(context.report);
    const asked = request.packages.join(' ');

    const ready = await step('preconditions', '', checkPreconditions, request, context, workspace);
    const build = own(await step('start', ready.base.name, startBuildContainer, request, ready, context, workspace));
    const settings = await step('sync', build.trees[0], syncRepository, request, ready, context, build);
    const packages = await step('emerge', asked, emergePackages, request, context, build, settings);
    await step('stop', '', stopBuildContainer, context.engine, build);
    const image = await step('commit', '', commitImage, context, build, { request, ready, packages });
    await step('remove', '', removeBuildContainer, context, workspace);

    return { image, packages, durations: step.durations, log: describeBuildLog(build.log) };
  });
}

/** The preconditions of the main job, and a line for each thing that it would do then. */
export async function planBuild(request: BuildRequest, context: BuildContext): Promise<readonly string[]> {
  await explainRefusal(sweepWorkspaces(context));
  return inWorkspace(request, context, async (workspace) => {
    const plan = describeDryRun(request, await checkPreconditions(request, context, workspace));
    await removeBuildContainer(context, workspace);
    return plan;
  });
}
