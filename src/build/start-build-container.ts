import type { MountSpec } from '../engine/engine.ts';
import { createBuildLog, logDirectoryName, logMountTarget } from './build-log.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import type { BuildContext } from './context.ts';
import { describeTmpfs } from './decide-tmpfs.ts';
import { reportTmpfs } from './report-tmpfs.ts';
import { startHeldContainer } from './held-container.ts';
import { installMakeConf } from './make-conf.ts';
import { defaultTarget, mountAt, type MountChoice } from './mounts.ts';
import { volumeLabel } from './tree.ts';
import type { Workspace } from './workspace.ts';

/**
 * Starts a sibling container from the base with the tree where the base's Portage looks for it, and with the volumes that
 * keep what outlives it.
 */
export async function startBuildContainer(
  request: BuildRequest,
  ready: Preconditions,
  context: BuildContext,
  workspace: Workspace,
): Promise<BuildContainer> {
  const { signal } = context;
  const tree = ready.system?.repository.location ?? defaultTarget('tree');
  const choices = [ready.tree, ready.binpkgs ?? [], ready.distfiles, ready.logs].flat();
  await Promise.all(choices.map((choice) => makeDefaultVolume(context, choice)));
  signal.throwIfAborted();
  await reportTmpfs(context, ready.tmpfs);
  const container = await startHeldContainer(context, workspace, {
    base: ready.base,
    mounts: buildMounts(ready, tree),
    trees: [tree],
    log: createBuildLog(ready.logs, logDirectoryName(workspace.run, new Date())),
    tmpfs: describeTmpfs(ready.tmpfs.size),
  });
  if (request.makeConf !== undefined) await installMakeConf(context, container, request.makeConf);
  return container;
}

function buildMounts(ready: Preconditions, tree: string): MountSpec[] {
  return [
    mountAt(ready.tree, tree),
    mountAt(ready.distfiles, defaultTarget('distfiles')),
    mountAt(ready.logs, logMountTarget),
    ...(ready.binpkgs ? [mountAt(ready.binpkgs, defaultTarget('binpkgs'))] : []),
  ];
}

/** Makes a volume that is the product's own to make, where it is missing, and says so. */
export async function makeDefaultVolume({ engine, report }: BuildContext, choice: MountChoice): Promise<void> {
  if (choice.type !== 'volume' || (await engine.inspectVolume(choice.source)) !== undefined) return;
  await engine.createVolume(choice.source, { [volumeLabel]: choice.role });
  await report({ type: 'note', message: `made the volume ${choice.source}: it keeps the ${purposes[choice.role]}` });
}

const purposes = {
  tree: 'ebuild repository, so that it is fetched only once',
  binpkgs: 'binary packages, so that nothing is compiled twice',
  distfiles: 'sources, so that nothing is fetched twice',
  logs: 'logs of all builds',
} as const;
