import type { ContainerSession } from '../container/container-session.ts';
import type { BuildRecord } from '../record/build-record.ts';
import { addElog, readElogOfFailure } from '../emerge/read-elog.ts';
import { reportElog } from '../emerge/report-elog.ts';
import { keepRecord, readFactsForRecord, type PackageFacts } from './keep-record.ts';
import { fingerprintBuild } from './build-fingerprint.ts';
import type { BuildRequest } from './build-request.ts';
import { checkPreconditions, describeMovedTag, type Preconditions } from './check-preconditions.ts';
import { addTags, commitImage, packagesLabel, type CommittedImage } from './commit-image.ts';
import type { BuildContext } from '../container/context.ts';
import { describeDryRun } from './dry-run.ts';
import { emergePackages } from './emerge-packages.ts';
import { findCommitted, findUnchanged, registerCommitted } from './find-unchanged.ts';
import { ImageRecord } from './image-record.ts';
import { removeBuildContainer } from '../container/remove-build-container.ts';
import { readLabel } from '../engine/image-labels.ts';
import { inWorkspace } from '../container/in-workspace.ts';
import type { Engine } from '../engine/engine.ts';
import type { ImageId } from '../engine/identifiers.ts';
import { explainRefusal } from '../container/refusal-failure.ts';
import { startBuildContainer } from './start-build-container.ts';
import { baseNames } from '../container/base-image.ts';
import { createStepTimer } from '../job/step-timer.ts';
import { stopBuildContainer } from '../container/stop-build-container.ts';
import { syncRepository } from './sync-repository.ts';
import { TreeGuard } from './tree/tree-guard.ts';
import { readTreeStamp } from '../container/tree-stamp.ts';
import { sweepWorkspaces, type Workspace } from '../container/workspace.ts';

/** The result of a run. */
export interface BuildResult {
  readonly image: CommittedImage;
  /** True if an image of the same inputs existed, so that nothing was built. */
  readonly unchanged: boolean;
  /** `category/name-version` of everything that was merged, sorted. */
  readonly packages: readonly string[];
  readonly record: BuildRecord;
  /** The location of the record for a person on the engine's host; undefined if no container was started. */
  readonly recordFile: string | undefined;
}

/**
 * Does the main job: builds packages in a container, commits an image and removes everything else, even after a failure. If an
 * image of the same inputs exists, the job returns that image; without a sync it does not even start a container.
 */
export async function buildImage(
  request: BuildRequest,
  context: BuildContext,
  program: BuildRecord['program'],
): Promise<BuildResult> {
  await explainRefusal(sweepWorkspaces(context, baseNames(request.base)));
  const record = new ImageRecord(request, program);
  const recorded = { ...context, report: record.watch(context.report) };
  return inWorkspace(request, recorded, (workspace, own) => build(request, recorded, { workspace, own, record }));
}

interface BuildParts {
  readonly workspace: Workspace;
  readonly own: (session: ContainerSession) => ContainerSession;
  readonly record: ImageRecord;
}

async function build(
  request: BuildRequest,
  context: BuildContext,
  { workspace, own, record }: BuildParts,
): Promise<BuildResult> {
  const step = createStepTimer(context.report);
  const finish = async (made: Made, session?: ContainerSession): Promise<BuildResult> => {
    const image = { name: made.image.name, bytes: await readImageSize(context.engine, made.image.id) };
    const facts = { ...made, asked: request.packages, image };
    const recordFile = session && (await keepRecord(session, record.endWithImage(facts)));
    await step('remove', '', () => removeBuildContainer(context, workspace));
    await reportElog(context, made.elog);
    const { unchanged, packages } = made;
    return { image: made.image, unchanged, packages, record: record.endWithImage(facts), recordFile };
  };

  const ready = await step('preconditions', '', () => checkPreconditions(request, context, workspace));
  for (const moved of ready.movedTags) await context.report({ type: 'note', message: describeMovedTag(moved) });
  const early = await readEarlyStamp(request, ready, context, workspace);
  const before = await reuseImage(request, ready, { context, workspace }, early);
  if (before !== undefined) return finish(before);

  const session = own(
    await step('start', ready.base.name, () => startBuildContainer(request, ready, context, workspace)),
  );
  let about: PackageFacts | undefined;
  const guard = new TreeGuard({ ...ready, syncType: ready.system?.repository.syncType }, session);
  try {
    const synced = await step('sync', session.trees[0], () => syncRepository(request, ready, session));
    const same = await reuseImage(request, ready, { context, workspace }, synced.treeStamp);
    if (same !== undefined) return await finish(same, session);

    const emerged = await step('emerge', request.packages.join(' '), () =>
      emergePackages(request, session, { known: synced.settings, guard }),
    );
    about = await readFactsForRecord(session, emerged);
    await step('stop', '', () => stopBuildContainer(session).then(() => guard.check()));
    const fingerprint = await fingerprintBuild(request, ready, emerged.treeStamp);
    const facts = { request, ready, packages: emerged.packages, fingerprint };
    const image = await step('commit', '', () => commitImage(session, facts));
    if (fingerprint !== undefined)
      await registerCommitted(context, workspace, image, { image: ready.base.image?.id ?? ready.base.name });
    return await finish({ image, unchanged: false, packages: emerged.packages, ...about }, session);
  } catch (error) {
    throw await recordFailure(error, { session, guard, record, elog: about?.elog });
  }
}

interface FailedBuild extends Pick<BuildParts, 'record'> {
  readonly session: ContainerSession;
  readonly guard: TreeGuard;
  /** The messages of the packages, if they were read before the failure. */
  readonly elog: PackageFacts['elog'] | undefined;
}

/**
 * Writes the record of a build that failed. Returns the error with the messages of packages, and with the failure of a tree that its
 * packages changed.
 */
async function recordFailure(error: unknown, { session, guard, record, ...known }: FailedBuild): Promise<unknown> {
  const elog = known.elog ?? (await readElogOfFailure(session, error));
  const reason = await guard.checkAfter(error);
  await keepRecord(session, record.endWithError(reason, elog));
  await reportElog(session, elog);
  return addElog(reason, elog);
}

type Made = Pick<BuildResult, 'image' | 'unchanged' | 'packages'> & PackageFacts;

/** Reads the stamp of a tree that is not synced; undefined if the tree is synced first, or if the request forces a build. */
async function readEarlyStamp(
  { sync, rebuild }: BuildRequest,
  { base, tree, treeState }: Preconditions,
  context: BuildContext,
  workspace: Workspace,
): Promise<string | undefined> {
  if (sync || rebuild || treeState !== 'filled' || base.image === undefined) return undefined;
  return readTreeStamp(context, workspace, { tree, image: base.image.id });
}

/** Finds an image of the same inputs and tags it as requested; undefined if an image has to be built. */
async function reuseImage(
  request: BuildRequest,
  ready: Preconditions,
  { context, workspace }: { readonly context: BuildContext; readonly workspace: Workspace },
  treeStamp: string | undefined,
): Promise<Made | undefined> {
  const fingerprint = request.rebuild ? undefined : await fingerprintBuild(request, ready, treeStamp);
  if (fingerprint === undefined) return undefined;
  const probe = { image: ready.base.image?.id ?? ready.base.name };
  const found = await findCommitted(context, workspace, await findUnchanged(context, ready, fingerprint), probe);
  if (found === undefined) return undefined;
  context.signal.throwIfAborted();
  const { image, name } = found;
  await context.report({
    type: 'note',
    message: `${name} was built from the same base, tree, packages and options: nothing is built (to build anyway: --rebuild)`,
  });
  const packages = (readLabel(image.labels, packagesLabel) ?? '').split(' ').filter((cpv) => cpv !== '');
  const tagged = await addTags(context.engine, { id: image.id, name }, request.tags);
  return { image: tagged, unchanged: true, packages, elog: [], sizes: {} };
}

/** Reads the size of an image in bytes for the record; null if the engine does not answer. */
async function readImageSize(engine: Engine, id: ImageId): Promise<number | null> {
  const image = await engine.inspectImage(id).catch(() => undefined);
  return image?.size ?? null;
}

/** Checks the preconditions of the main job and describes the steps that it would take, one per line. */
export async function planBuild(request: BuildRequest, context: BuildContext): Promise<readonly string[]> {
  await explainRefusal(sweepWorkspaces(context, baseNames(request.base)));
  return inWorkspace(request, context, async (workspace) => {
    const plan = describeDryRun(request, await checkPreconditions(request, context, workspace));
    await removeBuildContainer(context, workspace);
    return plan;
  });
}
