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

/** The milliseconds for which the removal of objects waits for the end of the tasks that use them, and between two attempts. */
const limitMs = 30_000;
const pauseMs = 250;

/** The parts of an object by which it is removed and named. */
export type Removable = Pick<ProxyObject, 'kind' | 'id' | 'name'>;

/** An object that the swarm refuses to remove. */
export interface LeftObject extends Removable {
  readonly why: string;
}

/**
 * Removes objects: services first, then secrets, then networks, which wait until the last task has left them. Returns those that the
 * swarm refuses to remove.
 */
export async function removeProxyObjects(swarm: Swarm, objects: readonly Removable[]): Promise<readonly LeftObject[]> {
  const until = performance.now() + limitMs;
  const left: LeftObject[] = [];
  for (const [kind, remove, patience] of [
    ['service', swarm.removeService.bind(swarm), -Infinity],
    ['secret', swarm.removeSecret.bind(swarm), until],
    ['network', swarm.removeOverlay.bind(swarm), until],
  ] as const)
    for (const one of objects.filter((object) => object.kind === kind)) {
      const refusal = await insist(() => remove(one.id), patience);
      if (refusal !== undefined) left.push({ ...one, why: refusal.message });
    }
  return left;
}

/** Names objects that are left, and says why. */
export function describeLeft(left: readonly LeftObject[]): string {
  return left.map(({ kind, name, why }) => `the ${kind} ${name}: ${why}`).join('; ');
}

/** Tries until a time. Returns the last refusal; undefined if there is none. */
async function insist(remove: () => Promise<void>, until: number): Promise<EngineRefusal | undefined> {
  for (;;) {
    try {
      await remove();
      return undefined;
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error;
      if (performance.now() > until) return error;
      await delay(pauseMs);
    }
  }
}
