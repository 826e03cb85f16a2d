import { type ContainerId, EngineRefusal } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import { describeBuildLog } from './build-log.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildRequest } from './build-request.ts';
import { checkPreconditions } from './check-preconditions.ts';
import { commitImage, type CommittedImage } from './commit-image.ts';
import { findContainerLoss } from './container-loss.ts';
import type { BuildContext } from './context.ts';
import { describeDryRun } from './dry-run.ts';
import { emergePackages } from './emerge-packages.ts';
import { disposeOfFailedBuild, removeBuildContainer } from './remove-build-container.ts';
import { startBuildContainer } from './start-build-container.ts';
import { createStepTimer, type StepDurations } from './step-timer.ts';
import { stopBuildContainer } from './stop-build-container.ts';
import { syncRepository } from './sync-repository.ts';
import { createWorkspace, sweepWorkspaces, type Workspace } from './workspace.ts';

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
  return inWorkspace(request, context, async (workspace) => {
    const plan = describeDryRun(request, await checkPreconditions(request, context, workspace));
    await removeBuildContainer(context, workspace);
    return plan;
  });
}

/**
 * Runs `work` with a workspace of its own, after removing what dead builders left. Should it fail, whatever it began is
 * ended and removed, or kept where the request says so.
 */
async function inWorkspace<T>(
  request: BuildRequest,
  context: BuildContext,
  work: (workspace: Workspace, own: (container: BuildContainer) => BuildContainer) => Promise<T>,
): Promise<T> {
  let workspace: Workspace | undefined;
  let begun: BuildContainer | undefined;
  try {
    await sweepWorkspaces(context);
    workspace = await createWorkspace(context);
    return await work(workspace, (container) => (begun = container));
  } catch (error) {
    const reason = await reasonOf(context, begun, error);
    if (workspace !== undefined) await endWorkspace(context, workspace, begun, request.keepFailed && !isSignal(error));
    throw reason;
  }
}

/** What ended the build is what its user has to know first; what could not be removed, the next run removes. */
async function endWorkspace(
  context: BuildContext,
  workspace: Workspace,
  begun: BuildContainer | undefined,
  keep: boolean,
): Promise<void> {
  try {
    await disposeOfFailedBuild(context, workspace, begun, keep);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await context.report({
      type: 'warning',
      message: `failed to remove what the build began: ${why}`,
      hint: `the next run removes it; what it is: docker ps --all --filter volume=${workspace.volume}`,
    });
  }
}

/**
 * An engine that refuses work in a container that somebody else stopped or removed does not say so: the container does.
 * Of what else it refuses, its own words are the best explanation there is.
 */
async function reasonOf({ engine }: BuildContext, begun: BuildContainer | undefined, error: unknown): Promise<unknown> {
  if (!(error instanceof EngineRefusal)) return error;
  const isGone = error.status === 404 || error.status === 409;
  const findLoss = async (id: ContainerId) => findContainerLoss(await engine.inspectContainer(id), 'build');
  const loss = begun && isGone ? await findLoss(begun.id).catch(() => undefined) : undefined;
  return loss ?? refusalFailure(error);
}

/** The failure that a refusal is where nothing more is known. */
export function refusalFailure(refusal: EngineRefusal): Failure {
  return new Failure('engine-refused', `failed to build: the engine says: ${refusal.message}`, {
    hint: "the engine's own log, on its machine, may say more",
    cause: refusal,
  });
}

/** Who interrupts a build does not want to look into it. */
function isSignal(error: unknown): boolean {
  return error instanceof Failure && (error.code === 'interrupted' || error.code === 'terminated');
}
