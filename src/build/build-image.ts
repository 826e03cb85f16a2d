import { describeBuildLog } from './build-log.ts';
import { fingerprintBuild } from './build-fingerprint.ts';
import type { BuildRequest } from './build-request.ts';
import { checkPreconditions, type Preconditions } from './check-preconditions.ts';
import { addTags, commitImage, packagesLabel, type CommittedImage } from './commit-image.ts';
import type { BuildContext } from './context.ts';
import { describeDryRun } from './dry-run.ts';
import { emergePackages } from './emerge-packages.ts';
import { findUnchanged } from './find-unchanged.ts';
import { removeBuildContainer } from './remove-build-container.ts';
import { explainRefusal, inWorkspace } from './in-workspace.ts';
import { startBuildContainer } from './start-build-container.ts';
import { createStepTimer, type StepDurations } from './step-timer.ts';
import { stopBuildContainer } from './stop-build-container.ts';
import { syncRepository } from './sync-repository.ts';
import { readTreeStamp } from './tree-stamp.ts';
import { sweepWorkspaces, type Workspace } from './workspace.ts';

/** What came of a run. Durations are in seconds. */
export interface BuildResult {
  readonly image: CommittedImage;
  /** Whether the image was made before, of the same, and nothing was built. */
  readonly unchanged: boolean;
  /** `category/name-version` of everything that was merged, sorted. */
  readonly packages: readonly string[];
  readonly durations: StepDurations;
  /** Where the whole log is, as somebody on the engine's host finds it; undefined where no container was started. */
  readonly log: string | undefined;
}

/**
 * The main job: packages in, image out, and nothing left behind whatever happens in between. Where an image was made of
 * the same before, it is that one; without a sync no container is started for it.
 */
export async function buildImage(request: BuildRequest, context: BuildContext): Promise<BuildResult> {
  await explainRefusal(sweepWorkspaces(context));
  return inWorkspace(request, context, async (workspace, own) => {
    const step = createStepTimer(context.report);
    const asked = request.packages.join(' ');
    const finish = async (made: Made, log: string | undefined): Promise<BuildResult> => {
      await step('remove', '', removeBuildContainer, context, workspace);
      return { ...made, durations: step.durations, log };
    };

    const ready = await step('preconditions', '', checkPreconditions, request, context, workspace);
    const early = await readEarlyStamp(request, ready, context, workspace);
    const before = await reuseImage(request, ready, context, early);
    if (before !== undefined) return finish(before, undefined);

    const build = own(await step('start', ready.base.name, startBuildContainer, request, ready, context, workspace));
    const synced = await step('sync', build.trees[0], syncRepository, request, ready, context, build);
    const same = await reuseImage(request, ready, context, synced.treeStamp);
    if (same !== undefined) return finish(same, describeBuildLog(build.log));

    const emerged = await step('emerge', asked, emergePackages, request, context, build, synced.settings);
    await step('stop', '', stopBuildContainer, context.engine, build);
    const fingerprint = await fingerprintBuild(request, ready, emerged.treeStamp);
    const facts = { request, ready, packages: emerged.packages, fingerprint };
    const image = await step('commit', '', commitImage, context, build, facts);
    return finish({ image, unchanged: false, packages: emerged.packages }, describeBuildLog(build.log));
  });
}

type Made = Pick<BuildResult, 'image' | 'unchanged' | 'packages'>;

/** The stamp of a tree that is built from as it is; undefined if it is synced first, or nobody asks. */
async function readEarlyStamp(
  { sync, rebuild }: BuildRequest,
  { base, tree, treeState }: Preconditions,
  context: BuildContext,
  workspace: Workspace,
): Promise<string | undefined> {
  if (sync || rebuild || treeState !== 'filled' || base.image === undefined) return undefined;
  return readTreeStamp(context, workspace, { tree, image: base.image.id });
}

/** The image that was made of the same before, with the names that are asked for now; undefined where it is to be built. */
async function reuseImage(
  request: BuildRequest,
  ready: Preconditions,
  context: BuildContext,
  treeStamp: string | undefined,
): Promise<Made | undefined> {
  const fingerprint = request.rebuild ? undefined : await fingerprintBuild(request, ready, treeStamp);
  const found = fingerprint === undefined ? undefined : await findUnchanged(context, ready, fingerprint);
  if (found === undefined) return undefined;
  context.signal.throwIfAborted();
  const { image, name } = found;
  await context.report({
    type: 'note',
    message: `${name} was made of the same base, tree, packages and options: nothing is built (--rebuild insists)`,
  });
  const packages = (image.labels[packagesLabel] ?? '').split(' ').filter((cpv) => cpv !== '');
  return { image: await addTags(context.engine, { id: image.id, name }, request.tags), unchanged: true, packages };
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
