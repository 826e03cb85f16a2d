import type { ContainerSpec, MountSpec } from '../engine/engine.ts';
import type { Tmpfs } from '../portage/emerge-report.ts';
import type { Base } from './base-image.ts';
import { keepAliveMs, workDirectory, type BuildContainer, type Trees } from './build-container.ts';
import type { BuildLog } from './build-log.ts';
import type { BuildContext } from './context.ts';
import { holdCommand } from './job-scripts.ts';
import type { Workspace } from './workspace.ts';

/** A build container that is to be. */
export interface HeldContainerRequest {
  readonly base: Base;
  /** Besides the work volume. */
  readonly mounts: readonly MountSpec[];
  readonly trees: Trees;
  readonly log: BuildLog;
  /** What it may use; as much as there is if undefined. */
  readonly limits?: Pick<ContainerSpec, 'memory' | 'cpus'>;
  /** What packages are built on; the work volume if undefined. */
  readonly tmpfs?: Tmpfs | undefined;
}

/**
 * Starts a container that lives as long as this program holds its standard input, and has no label and no environment of
 * its own: a commit would hand them on. Labels by which compose knows its containers, on a base that it built, are blanked:
 * neither the container nor any that is made of the image belongs to a service.
 */
export async function startHeldContainer(
  { engine }: Pick<BuildContext, 'engine'>,
  workspace: Workspace,
  { base, mounts, trees, log, limits, tmpfs }: HeldContainerRequest,
): Promise<BuildContainer> {
  const id = await engine.createContainer(workspace.volume, {
    image: base.image?.id ?? base.name,
    command: holdCommand,
    mounts: [...workMounts(workspace, tmpfs), ...mounts],
    ...blankComposeLabels(base.image?.labels ?? {}),
    ...limits,
    init: true,
    openStdin: true,
    keepLog: false,
  });
  const hold = await engine.holdStdin(id);
  await engine.startContainer(id);
  const keepAlive = setInterval(() => hold.write(Buffer.from('\n')), keepAliveMs);
  void hold.ended.then(() => clearInterval(keepAlive));
  return { id, workspace, base: base.name, trees, hold, log, tmpfs, lastJob: undefined };
}

/**
 * The mode is what a volume has. A call of the engine that looks into the container or writes into it makes the inner
 * mount point anew on the writable layer, where it stays: see `unpack-archive.ts`.
 */
function workMounts({ volume }: Workspace, tmpfs: Tmpfs | undefined): readonly MountSpec[] {
  if (tmpfs === undefined) return [{ type: 'volume', source: volume, target: workDirectory }];
  return [
    { type: 'tmpfs', source: `size=${tmpfs.size},mode=0755`, target: tmpfs.directory },
    { type: 'volume', source: volume, target: tmpfs.apart },
  ];
}

function blankComposeLabels(labels: Readonly<Record<string, string>>): Pick<ContainerSpec, 'labels'> {
  const names = Object.keys(labels).filter((name) => name.startsWith('com.docker.compose.'));
  return names.length === 0 ? {} : { labels: Object.fromEntries(names.map((name) => [name, ''])) };
}
