import { sweepWorkspaces } from '../../container/workspace.ts';
import type { Swarm } from '../../engine/swarm/swarm.ts';
import { Failure } from '../../failure.ts';
import { removeAllCopies } from '../engines/engine-copies.ts';
import { farRun } from '../engines/far-run.ts';
import { releaseStore, requireOwnStore, storeLabel } from '../identity/store-node.ts';
import type { SiteRun } from '../run/site-run.ts';
import { findBuilders } from './check-swarm.ts';
import { listOnNode, listOnSwarm, type SwarmObjectStatus } from './list-swarm.ts';
import { openProxies, type Proxies } from './open-proxies.ts';
import type { SwarmChoice } from './open-swarm.ts';
import { swarmOwners, sweepProxies } from './sweep-proxies.ts';
import { nodeEngines } from './swarm-engines.ts';

/** What zentoo has on a swarm. */
export interface SwarmStatus {
  readonly objects: readonly SwarmObjectStatus[];
  /** The names of the nodes that were asked. */
  readonly nodes: readonly string[];
}

/** Lists what builds of a site left or have on a swarm. Starts node proxies for the question and removes them. */
export async function inspectSwarm(run: SiteRun, { settings, connect }: SwarmChoice): Promise<SwarmStatus> {
  const swarm = await connect();
  const before = await listBefore(run, swarm);
  await using proxies = await openProxies(run, swarm, settings);
  const { objects, nodes } = await onEachNode(run, proxies, (name, far) => listOnNode(name, far.engine, far));
  return { objects: [...before, ...objects], nodes };
}

/**
 * Removes what builds of a site left on a swarm: services, secrets and networks, and on each node its copies, and the containers and
 * volumes of builds that are gone. The label of the site's store goes if the store is gone. Returns what builds of other sites have there. Throws `swarm-refused` if a build of the site may live,
 * which needs its copies, or if something is still in use.
 */
export async function clearSwarm(run: SiteRun, choice: SwarmChoice): Promise<SwarmStatus> {
  const swarm = await choice.connect();
  const living = (await listBefore(run, swarm)).filter(({ state }) => state !== 'gone');
  if (living.length > 0) throw leftOver(living);
  const { own } = await findBuilders(swarm);
  await sweepProxies(run, swarm, own);
  await using proxies = await openProxies(run, swarm, choice.settings);
  const status = await onEachNode(run, proxies, async (name, far) => {
    const images = [...run.images.values()].map(({ id }) => id);
    await sweepWorkspaces(far, images);
    await removeAllCopies(far);
    return listOnNode(name, far.engine, far);
  });
  const onSwarm = (await listBefore(run, swarm)).filter(({ state }) => state === 'gone');
  const left = [...onSwarm, ...status.objects.filter(({ state }) => state === 'copy' || state === 'gone')];
  if (left.length > 0) throw leftOver(left);
  await releaseIfGone(run, swarm, own);
  return status;
}

/** Removes the site from the label `zentoo.store` of the own node if the volume of its store is gone. */
async function releaseIfGone(run: SiteRun, swarm: Swarm, own: string): Promise<void> {
  const { type, source } = run.mounts.binpkgs;
  if (type === 'volume' && (await run.engine.inspectVolume(source)) === undefined)
    return releaseStore(swarm, own, run.site);
  const message = `the own node keeps the label ${storeLabel}: the store of the site ${run.site.name} is there`;
  await run.report({ type: 'note', message });
}

async function onEachNode(
  run: SiteRun,
  proxies: Proxies,
  look: (name: string, far: SiteRun) => Promise<readonly SwarmObjectStatus[]>,
): Promise<SwarmStatus> {
  const own = await run.engine.info();
  const engines = nodeEngines(proxies, run.signal);
  const objects: SwarmObjectStatus[] = [];
  for (const { name, connect } of engines)
    objects.push(...(await look(name, await farRun(run, { name, engine: await connect(), own }))));
  return { objects, nodes: engines.map(({ name }) => name) };
}

/** What is on the swarm before this program makes its own objects there. */
async function listBefore(run: SiteRun, swarm: Swarm): Promise<readonly SwarmObjectStatus[]> {
  const { own } = await findBuilders(swarm);
  await requireOwnStore(swarm, run.site);
  return listOnSwarm(run, swarm, swarmOwners(run.engine, own));
}

function leftOver(objects: readonly SwarmObjectStatus[]): Failure {
  const names = objects.map(({ node, kind, name }) => `the ${kind} ${name}${node === '' ? '' : ` on ${node}`}`);
  const message = `failed to remove everything: a build may live that has ${names.join(', ')}`;
  return new Failure('swarm-refused', message, { hint: 'wait until it has ended, then run again' });
}
