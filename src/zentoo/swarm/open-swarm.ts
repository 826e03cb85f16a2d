import type { Swarm } from '../../engine/swarm/swarm.ts';
import type { SwarmSettings } from '../../site/site.ts';
import { findBuilders } from './check-swarm.ts';
import { openProxies, type Proxies, type SwarmRun } from './open-proxies.ts';
import { sweepProxies } from './sweep-proxies.ts';

/** A swarm that the user chose for a build. */
export interface SwarmChoice {
  readonly settings: SwarmSettings;
  readonly connect: () => Promise<Swarm>;
}

/**
 * Connects to the swarm of the site's own engine, removes what runs that are gone left there, and starts node proxies: see
 * {@link openProxies}.
 */
export async function openSwarm(run: SwarmRun, { settings, connect }: SwarmChoice): Promise<Proxies> {
  const swarm = await connect();
  const { own } = await findBuilders(swarm);
  await sweepProxies(run, swarm, own);
  return openProxies(run, swarm, settings);
}
