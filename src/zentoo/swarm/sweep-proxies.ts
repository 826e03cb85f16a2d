import type { Engine } from '../../engine/engine.ts';
import type { Swarm } from '../../engine/swarm/swarm.ts';
import { procWorld, type OwnerWorld } from '../../ownership/owner.ts';
import type { SwarmRun } from './open-proxies.ts';
import { listProxyObjects, removeProxyObjects } from './proxy-objects.ts';

/** Removes what runs left on the swarm that are proven to be gone. `own` is the node of the site's own engine. */
export async function sweepProxies(
  { engine, volumePrefix, report }: SwarmRun,
  swarm: Swarm,
  own: string,
): Promise<void> {
  const onForeign = (message: string) => report({ type: 'warning', message });
  const found = await listProxyObjects(swarm, { volumePrefix, world: swarmOwners(engine, own) }, onForeign);
  const left = found.filter(({ owner }) => owner === 'gone');
  await removeProxyObjects(swarm, left);
  for (const { kind, name } of left)
    await report({ type: 'note', message: `removed the ${kind} ${name}, left over from a build that is gone` });
}

/** Judges owners by the node that they live on; only those of the own node are known. */
export function swarmOwners(engine: Engine, own: string): OwnerWorld {
  return {
    ...procWorld(engine),
    inspectElsewhere: async (node, id) => (node === own ? { container: await engine.inspectContainer(id) } : undefined),
  };
}
