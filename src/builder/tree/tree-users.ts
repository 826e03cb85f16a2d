import type { ContainerSession } from '../../container/container-session.ts';
import type { MountChoice } from '../../container/mounts.ts';
import type { ProbeRequest } from '../../container/probe.ts';
import { findLastTreeUse, registerTreeUse } from '../../ownership/tree-register.ts';
import { createRegisters, withRegisters } from './registers.ts';

/** The volume of a tree, and the image of the probe by which the register of its users is read and written. */
export interface UsedTree extends Pick<ProbeRequest, 'image'> {
  readonly tree: MountChoice;
}

/**
 * Registers that this run uses a tree. Of two runs that use a tree at the same time, one finds the other: the container of each runs
 * before it is registered, and the run looks for other containers after it, and for a later registration at its end.
 */
export async function registerUse(session: ContainerSession, used: UsedTree): Promise<void> {
  const { engine, workspace } = session;
  await createRegisters(engine);
  await withRegisters({ engine, workspace, image: used.image }, (probe, place) =>
    registerTreeUse(probe, place, used.tree.source, workspace.run),
  );
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
  const { engine, workspace } = session;
  const last = await withRegisters({ engine, workspace, image: used.image }, (probe, place) =>
    findLastTreeUse(probe, place, used.tree.source),
  );
  return last !== workspace.run;
}
