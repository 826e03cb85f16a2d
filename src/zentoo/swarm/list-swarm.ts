import type { Engine } from '../../engine/engine.ts';
import type { Swarm } from '../../engine/swarm/swarm.ts';
import { judgeLife, parseOwner, procWorld, type OwnerLife, type OwnerWorld } from '../../ownership/owner.ts';
import { disproveWorkVolume } from '../../ownership/ownership.ts';
import { ownerLabel } from '../../container/workspace.ts';
import { copiesOf } from '../engines/engine-copies.ts';
import { slotLabel } from '../engines/engine-slots.ts';
import { listProxyObjects } from './proxy-objects.ts';
import type { SwarmRun } from './open-proxies.ts';

/** An object of zentoo on a swarm. */
export interface SwarmObjectStatus {
  /** The node that has it; empty for the objects of the swarm as a whole. */
  readonly node: string;
  readonly kind: 'service' | 'secret' | 'network' | 'container' | 'volume';
  readonly name: string;
  /** `copy`: files for the next build; `alive`, `gone`, `unknown`: whether the build lives that made it. */
  readonly state: OwnerLife | 'copy';
}

/** Lists the services, secrets and networks that builds of a site made on a swarm. */
export async function listOnSwarm(
  { volumePrefix, report }: SwarmRun,
  swarm: Swarm,
  world: OwnerWorld,
): Promise<readonly SwarmObjectStatus[]> {
  const onForeign = (message: string) => report({ type: 'warning', message });
  const objects = await listProxyObjects(swarm, { volumePrefix, world }, onForeign);
  return objects.map(({ kind, name, owner }) => ({ node: '', kind, name, state: owner }));
}

/** Lists on the engine of a node the site's copies, and the work volumes and containers of all builds of this program. */
export async function listOnNode(
  node: string,
  engine: Engine,
  { volumePrefix, findLocal }: Pick<SwarmRun, 'volumePrefix' | 'findLocal'>,
): Promise<readonly SwarmObjectStatus[]> {
  const world = procWorld(engine, findLocal);
  const list: SwarmObjectStatus[] = [];
  for (const { name } of await copiesOf(engine, volumePrefix)) list.push({ node, kind: 'volume', name, state: 'copy' });
  for (const volume of await engine.volumesWithLabel(ownerLabel)) {
    if (disproveWorkVolume(volume) !== undefined) continue;
    const owner = parseOwner(volume.labels[ownerLabel] ?? '');
    const state = owner === undefined ? 'unknown' : await judgeLife(owner, world);
    for (const { name } of await engine.containersWithVolume(volume.name))
      list.push({ node, kind: 'container', name, state });
    list.push({ node, kind: 'volume', name: volume.name, state });
  }
  for (const id of await engine.containersWithLabel(slotLabel)) {
    const slot = await engine.inspectContainer(id);
    // It ends with its build, and the engine removes it.
    if (slot?.name.startsWith('zentoo-slot-') === true)
      list.push({ node, kind: 'container', name: slot.name, state: 'alive' });
  }
  // Engines list volumes in another order at each call.
  return list.toSorted((a, b) => a.name.localeCompare(b.name, 'en') || a.kind.localeCompare(b.kind, 'en'));
}
