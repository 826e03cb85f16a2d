import type { Engine } from '../../engine/engine.ts';
import type { Swarm } from '../../engine/swarm/swarm.ts';
import { procWorld, type OwnerWorld } from '../../ownership/owner.ts';
import type { SwarmRun } from './open-proxies.ts';
import { describeLeft, listProxyObjects, removeProxyObjects } from './proxy-objects.ts';

/** Removes what runs left on the swarm that are proven to be gone, and warns of what cannot be removed. `own` is the node of the site's own engine. */
export async function sweepProxies(
  { engine, volumePrefix, report }: SwarmRun,
  swarm: Swarm,
  own: string,
): Promise<void> {
  const onForeign = (message: string) => report({ type: 'warning', message });
  const found = await listProxyObjects(swarm, { volumePrefix, world: swarmOwners(engine, own) }, onForeign);
  const gone = found.filter(({ owner }) => owner === 'gone');
  const left = await removeProxyObjects(swarm, gone);
  const kept = new Set(left.map(({ id }) => id));
  for (const { kind, name } of gone.filter(({ id }) => !kept.has(id)))
    await report({ type: 'note', message: `removed the ${kind} ${name}, left over from a build that is gone` });
  if (left.length === 0) return;
  const message = `failed to remove from the swarm what a build that is gone left there: ${describeLeft(left)}`;
  await report({ type: 'warning', message, hint: 'zentoo swarm status shows it; the next build tries again' });
}

/** Judges owners by the node that they live on; only those of the own node are known. */
export function swarmOwners(engine: Engine, own: string): OwnerWorld {
  return {
    ...procWorld(engine),
    inspectElsewhere: async (node, id) => (node === own ? { container: await engine.inspectContainer(id) } : undefined),
  };
}
