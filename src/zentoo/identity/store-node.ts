import type { Swarm, SwarmNode } from '../../engine/swarm/swarm.ts';
import { Failure } from '../../failure.ts';
import type { Site } from '../../site/site.ts';

/** The label of a node whose engine has the stores of sites: their ids, separated by commas. A site without an id has its name there. */
export const storeLabel = 'zentoo.store';

type StoreSwarm = Pick<Swarm, 'mode' | 'nodes' | 'changeLabels'>;
type LabelledSite = Pick<Site, 'id' | 'name'>;

/**
 * Throws `store-elsewhere` if the engine is a manager of a swarm in which another node has the label of the site's store. The node of an
 * engine that left the swarm is no node any more, so that it keeps nobody out.
 */
export async function requireOwnStore(swarm: StoreSwarm, site: LabelledSite): Promise<void> {
  const { state, node, isManager } = await swarm.mode();
  if (state !== 'active' || !isManager) return;
  refuseOther(await swarm.nodes(), node, site);
}

/**
 * Gives the own node the label of the site's store, if it lacks it: other managers then refuse the site. Returns the name of the node if
 * the label is new. Throws `store-elsewhere` if another node has the label, also if it gets it at the same time; both may be refused then.
 */
export async function claimStore(swarm: StoreSwarm, own: string, site: LabelledSite): Promise<string | undefined> {
  const nodes = await swarm.nodes();
  refuseOther(nodes, own, site);
  const node = nodes.find(({ id }) => id === own);
  const word = site.id ?? site.name;
  if (node === undefined || storesOn(node).includes(word)) return undefined;
  // An adopted site had its name there.
  await swarm.changeLabels(own, (labels) => withStores(labels, [...storesIn(labels).filter(isOther(site)), word]));
  try {
    refuseOther(await swarm.nodes(), own, site);
  } catch (error) {
    await releaseStore(swarm, own, site);
    throw error;
  }
  return node.hostname;
}

/** Removes the site from the label of the own node. */
export async function releaseStore(swarm: StoreSwarm, own: string, site: LabelledSite): Promise<void> {
  await swarm.changeLabels(own, (labels) => withStores(labels, storesIn(labels).filter(isOther(site))));
}

/** Whether a word of the label is that of another site. A site that got an id later had its name there before. */
function isOther({ id, name }: LabelledSite): (word: string) => boolean {
  return (word) => word !== id && word !== name;
}

function refuseOther(nodes: readonly SwarmNode[], own: string, site: LabelledSite): void {
  const node = nodes.find((one) => one.id !== own && !storesOn(one).every(isOther(site)));
  if (node === undefined) return;
  const { hostname, isReady } = node;
  const name = nodes.filter((one) => one.hostname === hostname).length === 1 ? hostname : node.id;
  const rest = storesOn(node).filter(isOther(site)).join(',');
  const remove = rest === '' ? `--label-rm ${storeLabel}` : `--label-add ${storeLabel}=${rest}`;
  const state = isReady ? '' : ', which is not ready';
  throw new Failure(
    'store-elsewhere',
    `failed to use the site ${site.name}: its store is on the node ${hostname}${state}`,
    {
      hint: [
        `run zentoo on ${hostname}, or with DOCKER_HOST of its engine`,
        `if the store there is gone or shall be given up: docker node update ${remove} ${name}`,
        ...(isReady ? [] : [`if the node is gone for good: docker node rm --force ${name}`]),
        ...(site.id === undefined
          ? ['if it is the store of another site of this name: zentoo adopt here gives this one an id, or rename one']
          : []),
      ].join('\n'),
    },
  );
}

function storesOn({ labels }: Pick<SwarmNode, 'labels'>): readonly string[] {
  return storesIn(labels);
}

function storesIn(labels: SwarmNode['labels']): readonly string[] {
  return (labels[storeLabel] ?? '').split(',').filter((word) => word !== '');
}

function withStores(labels: SwarmNode['labels'], stores: readonly string[]): SwarmNode['labels'] {
  const { [storeLabel]: _, ...others } = labels;
  return stores.length === 0 ? others : { ...others, [storeLabel]: stores.join(',') };
}
