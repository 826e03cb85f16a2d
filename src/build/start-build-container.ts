import type { ContainerSpec, MountSpec } from '../engine/engine.ts';
import { createBuildLog, logMountTarget } from './build-log.ts';
import { keepAliveMs, workDirectory, type BuildContainer } from './build-container.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import type { BuildContext } from './context.ts';
import { holdCommand } from './job-scripts.ts';
import { installMakeConf } from './make-conf.ts';
import { defaultTarget, mountAt, type MountChoice } from './mounts.ts';
import { volumeLabel } from './tree.ts';
import type { Workspace } from './workspace.ts';

/**
 * Starts a sibling container from the base with the tree where the base's Portage looks for it. It lives as long as this
 * program holds its standard input, and has no label and no environment of its own: a commit would hand them on. Labels by
 * which compose knows its containers, on a base that it built, are blanked: neither the container nor any that is made of
 * the image belongs to a service.
 */
export async function startBuildContainer(
  request: BuildRequest,
  ready: Preconditions,
  context: BuildContext,
  workspace: Workspace,
): Promise<BuildContainer> {
  const { engine, signal } = context;
  const tree = ready.system?.repository.location ?? defaultTarget('tree');
  const choices = [ready.tree, ready.binpkgs ?? [], ready.distfiles, ready.logs].flat();
  await Promise.all(choices.map((choice) => makeDefaultVolume(context, choice)));
  signal.throwIfAborted();
  const id = await engine.createContainer(workspace.volume, {
    image: ready.base.image?.id ?? ready.base.name,
    command: holdCommand,
    mounts: buildMounts(ready, workspace, tree),
    ...blankComposeLabels(ready.base.image?.labels ?? {}),
    init: true,
    openStdin: true,
    keepLog: false,
  });
  if (request.makeConf !== undefined) await installMakeConf(engine, id, request.makeConf);
  const hold = await engine.holdStdin(id);
  await engine.startContainer(id);
  const keepAlive = setInterval(() => hold.write(Buffer.from('\n')), keepAliveMs);
  void hold.ended.then(() => clearInterval(keepAlive));
  return { id, workspace, tree, hold, log: createBuildLog(ready.logs, workspace.run, new Date()), lastJob: undefined };
}

function buildMounts(ready: Preconditions, workspace: Workspace, tree: string): MountSpec[] {
  return [
    { type: 'volume', source: workspace.volume, target: workDirectory },
    mountAt(ready.tree, tree),
    mountAt(ready.distfiles, defaultTarget('distfiles')),
    mountAt(ready.logs, logMountTarget),
    ...(ready.binpkgs ? [mountAt(ready.binpkgs, defaultTarget('binpkgs'))] : []),
  ];
}

function blankComposeLabels(labels: Readonly<Record<string, string>>): Pick<ContainerSpec, 'labels'> {
  const names = Object.keys(labels).filter((name) => name.startsWith('com.docker.compose.'));
  return names.length === 0 ? {} : { labels: Object.fromEntries(names.map((name) => [name, ''])) };
}

async function makeDefaultVolume({ engine, report }: BuildContext, choice: MountChoice): Promise<void> {
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
