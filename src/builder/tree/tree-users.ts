import type { ContainerSession } from '../../container/container-session.ts';
import type { MountChoice } from '../../container/mounts.ts';
import { withProbe, type Probe, type ProbeRequest } from '../../container/probe.ts';
import { volumeLabel } from '../../container/tree.ts';
import { imagesVolume } from '../../ownership/image-register.ts';
import { findLastTreeUse, registerTreeUse } from '../../ownership/tree-register.ts';

/** The volume of a tree, and the image of the probe by which the register of its users is read and written. */
export interface UsedTree extends Pick<ProbeRequest, 'image'> {
  readonly tree: MountChoice;
}

const place = '/mnt';

/**
 * Registers that this run uses a tree. Of two runs that use a tree at the same time, one finds the other: the container of each runs
 * before it is registered, and the run looks for other containers after it, and for a later registration at its end.
 */
export async function registerUse(session: ContainerSession, used: UsedTree): Promise<void> {
  await session.engine.createVolume(imagesVolume, { [volumeLabel]: 'images' });
  await withRegister(session, used, (probe) => registerTreeUse(probe, place, used.tree.source, session.workspace.run));
}

/** Whether a container that is not of this run runs now and can write to the tree. */
export async function hasOtherUsers(session: ContainerSession, { tree }: Pick<UsedTree, 'tree'>): Promise<boolean> {
  const { engine, self, workspace } = session;
  for (const { id, name } of await engine.containersWithVolume(tree.source)) {
    if (id === session.id || id === self?.id || name.startsWith(workspace.volume)) continue;
    const found = await engine.inspectContainer(id);
    const mounts = found?.mounts.filter(({ type, source }) => type === 'volume' && source === tree.source) ?? [];
    if (found?.state === 'running' && mounts.some(({ readOnly }) => !readOnly)) return true;
  }
  return false;
}

/** Whether another run began to use the tree after this one, even if it has ended since. */
export async function isUsedByLaterRun(session: ContainerSession, used: UsedTree): Promise<boolean> {
  const last = await withRegister(session, used, (probe) => findLastTreeUse(probe, place, used.tree.source));
  return last !== session.workspace.run;
}

async function withRegister<T>(
  { engine, workspace }: ContainerSession,
  { image }: UsedTree,
  look: (probe: Probe) => Promise<T>,
): Promise<T> {
  const mounts = [{ type: 'volume', source: imagesVolume, target: place }] as const;
  return withProbe(engine, workspace, { image, mounts }, look);
}
