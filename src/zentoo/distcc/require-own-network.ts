import type { Network } from '../../engine/networks.ts';
import { Failure } from '../../failure.ts';
import { disproveWorkerNetwork } from '../../ownership/ownership.ts';
import type { SiteRun } from '../run/site-run.ts';
import { workerLabel, workerNetwork } from './distcc-names.ts';

/**
 * Finds the network of a site's workers; undefined if there is none. Throws `site-taken` if the network of that name is not the
 * isolated network that zentoo makes, because workers in it could be reached from outside.
 */
export async function requireOwnNetwork({
  engine,
  site,
}: Pick<SiteRun, 'engine' | 'site'>): Promise<Network | undefined> {
  const name = workerNetwork(site);
  const network = await engine.inspectNetwork(name);
  const why = network && disproveWorkerNetwork(network, workerLabel, site.name);
  if (why === undefined) return network;
  throw new Failure('site-taken', `failed to use the network ${name} for distcc workers: ${why}`, {
    hint: `if nobody needs the network, remove it, and zentoo makes a new one: docker network rm ${name}`,
  });
}
