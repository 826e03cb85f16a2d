import { setTimeout as delay } from 'node:timers/promises';
import { EngineRefusal } from '../../engine/refusal.ts';
import type { Swarm } from '../../engine/swarm/swarm.ts';
import { parseOwner, judgeLife, type OwnerLife, type OwnerWorld } from '../../ownership/owner.ts';
import { disproveSwarmObject } from '../../ownership/ownership.ts';
import { swarmLabel, swarmOwnerLabel } from './swarm-names.ts';

/** A service, a secret or a network of the site's node proxies. */
export interface ProxyObject {
  readonly kind: 'service' | 'secret' | 'network';
  readonly id: string;
  readonly name: string;
  /** Whether the run lives that made it. */
  readonly owner: OwnerLife;
}

/** Lists what runs of a site made on the swarm. What only has the label is left out; `onForeign` is told why. */
export async function listProxyObjects(
  swarm: Swarm,
  { volumePrefix, world }: { readonly volumePrefix: string; readonly world: OwnerWorld },
  onForeign: (why: string) => void | Promise<void> = () => undefined,
): Promise<readonly ProxyObject[]> {
  const label = `${swarmLabel}=${volumePrefix}`;
  const [services, secrets, networks] = await Promise.all([
    swarm.services(label),
    swarm.secrets(label),
    swarm.networks(label),
  ]);
  const found = [
    ...services.map(({ isGlobal, args, mounts, ...one }) => ({
      ...{ ...one, kind: 'service' as const, proof: { ...one, service: { isGlobal, args, mounts } } },
    })),
    ...secrets.map((one) => ({ ...one, kind: 'secret' as const, proof: one })),
    ...networks.map((one) => ({ ...one, kind: 'network' as const, proof: one })),
  ];
  const objects: ProxyObject[] = [];
  for (const { kind, id, name, labels, proof } of found) {
    const why = disproveSwarmObject(proof, swarmLabel, volumePrefix);
    if (why !== undefined) {
      await onForeign(`left the ${kind} ${name} as it is: it has the label ${swarmLabel}, but ${why}`);
      continue;
    }
    const owner = parseOwner(labels[swarmOwnerLabel] ?? '');
    objects.push({ kind, id, name, owner: owner === undefined ? 'unknown' : await judgeLife(owner, world) });
  }
  return objects;
}

/** The milliseconds for which the removal of a network waits for the end of the tasks in it, and between two attempts. */
const limitMs = 30_000;
const pauseMs = 250;

/** Removes objects: services first, then secrets, then networks, which wait until the last task has left them. */
export async function removeProxyObjects(
  swarm: Swarm,
  objects: readonly Pick<ProxyObject, 'kind' | 'id'>[],
): Promise<void> {
  const of = (kind: ProxyObject['kind']) => objects.filter((one) => one.kind === kind);
  for (const { id } of of('service')) await swarm.removeService(id);
  for (const { id } of of('secret')) await insist(() => swarm.removeSecret(id));
  for (const { id } of of('network')) await insist(() => swarm.removeOverlay(id));
}

async function insist(remove: () => Promise<void>): Promise<void> {
  for (const until = performance.now() + limitMs; ;) {
    try {
      return await remove();
    } catch (error) {
      if (!(error instanceof EngineRefusal) || performance.now() > until) throw error;
      await delay(pauseMs);
    }
  }
}
