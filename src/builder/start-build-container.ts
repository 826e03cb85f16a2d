import type { MountSpec } from '../engine/containers.ts';
import { createBuildLog, describeBuildLog, logDirectoryName, logMountTarget } from '../container/build-log.ts';
import type { ContainerSession } from '../container/container-session.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import type { BuildContext } from '../container/context.ts';
import { describeTmpfs } from '../emerge/decide-tmpfs.ts';
import { reportTmpfs } from '../emerge/report-tmpfs.ts';
import { openSession } from '../container/open-session.ts';
import { installMakeConf } from './base/make-conf.ts';
import { defaultTarget, mountAt } from '../container/mounts.ts';
import { makeDefaultVolume } from '../container/default-volumes.ts';
import type { Workspace } from '../container/workspace.ts';

/**
 * Starts a build container from the base. The tree is mounted where the base's Portage expects it; binary packages, sources,
 * the metadata cache and logs are on volumes that outlive the container.
 */
export async function startBuildContainer(
  request: BuildRequest,
  ready: Preconditions,
  context: BuildContext,
  workspace: Workspace,
): Promise<ContainerSession> {
  const { signal } = context;
  const [tree, ...others] = ready.system?.treeTargets ?? [defaultTarget('tree')];
  const choices = [ready.tree, ready.binpkgs ?? [], ready.distfiles, ready.metadata ?? [], ready.logs].flat();
  await Promise.all(choices.map((choice) => makeDefaultVolume(context, choice)));
  signal.throwIfAborted();
  await reportTmpfs(context, ready.tmpfs);
  const session = await openSession(context, workspace, {
    base: ready.base,
    mounts: buildMounts(ready, [tree, ...others]),
    trees: [tree],
    subject: request.packages.join(' '),
    log: createBuildLog(ready.logs, logDirectoryName(workspace.run, new Date())),
    tmpfs: describeTmpfs(ready.tmpfs.size),
  });
  await context.report({ type: 'log', location: describeBuildLog(session.log) });
  if (request.makeConf !== undefined) await installMakeConf(session, request.makeConf);
  return session;
}

function buildMounts(ready: Preconditions, trees: readonly string[]): MountSpec[] {
  return [
    ...trees.map((target) => mountAt(ready.tree, target)),
    mountAt(ready.distfiles, defaultTarget('distfiles')),
    ...(ready.metadata ? [mountAt(ready.metadata, defaultTarget('metadata'))] : []),
    mountAt(ready.logs, logMountTarget),
    ...(ready.binpkgs ? [mountAt(ready.binpkgs, defaultTarget('binpkgs'))] : []),
  ];
}
