import type { Swarm } from '../../engine/swarm/swarm.ts';
import type { SwarmSettings } from '../../site/site.ts';
import { claimStore, storeLabel } from '../identity/store-node.ts';
import { findBuilders } from './check-swarm.ts';
import { openProxies, type Proxies, type SwarmRun } from './open-proxies.ts';
import { sweepProxies } from './sweep-proxies.ts';

/** A swarm that the user chose for a build. */
export interface SwarmChoice {
  readonly settings: SwarmSettings;
  readonly connect: () => Promise<Swarm>;
}

/**
 * Connects to the swarm of the site's own engine, gives its node the label of the site's store, removes what runs that are gone left
 * there, and starts node proxies: see {@link openProxies}. Throws `store-elsewhere` if another node has the label.
 */
export async function openSwarm(run: SwarmRun, { settings, connect }: SwarmChoice): Promise<Proxies> {
  const swarm = await connect();
  const { own } = await findBuilders(swarm);
  const claimed = await claimStore(swarm, own, run.site);
  if (claimed !== undefined) await reportClaim(run, claimed);
  await sweepProxies(run, swarm, own);
  return openProxies(run, swarm, settings);
}

function reportClaim({ report, site }: SwarmRun, node: string): void | Promise<void> {
  const message = `the store of the site ${site.name} is on the node ${node}, which has the label ${storeLabel} now`;
  return report({ type: 'note', message });
}
