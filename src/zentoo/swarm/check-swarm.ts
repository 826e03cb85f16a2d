import type { Swarm, SwarmNode } from '../../engine/swarm/swarm.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import { Failure } from '../../failure.ts';
import { builderLabel, labelCommand } from './swarm-names.ts';

/** The nodes of a swarm that compile packages. */
export interface Builders {
  /** The id of the node of the site's own engine. */
  readonly own: string;
  /** The architecture of that node. */
  readonly architecture: string;
  readonly nodes: readonly SwarmNode[];
}

/**
 * Finds the nodes that have the label `zentoo.builder=true`. Throws a `Failure` that tells apart why there are none: the engine is in no
 * swarm (`swarm-absent`), is no manager or has no leader (`manager-absent`), is locked (`swarm-locked`); no node has the label
 * (`builder-absent`), or none of those is ready and active (`builders-away`).
 */
export async function findBuilders(swarm: Swarm): Promise<Builders> {
  const { state, node, isManager, error } = await swarm.mode();
  if (state === 'inactive')
    throw refuse(
      'swarm-absent',
      'the engine is in no swarm',
      'docker swarm init; then on each other machine: docker swarm join',
    );
  if (state === 'locked')
    throw refuse('swarm-locked', 'the swarm is locked since the engine was started', 'unlock it: docker swarm unlock');
  if (state !== 'active')
    throw refuse(
      'manager-absent',
      `the engine is not a working node of its swarm: ${error || state}`,
      'look at docker info, and at the log of the engine',
    );
  if (!isManager)
    throw refuse(
      'manager-absent',
      'the engine is a worker of the swarm, and only a manager knows its nodes',
      'run zentoo on a manager, or make this node one: docker node promote NODE',
    );
  const nodes = await listNodes(swarm);
  const builders = nodes.filter(isBuilder);
  if (builders.length === 0)
    throw refuse(
      'builder-absent',
      `no node has the label ${builderLabel}=true; there are ${nodes.map(({ hostname }) => hostname).join(', ')}`,
      labelCommand,
    );
  const architecture = nodes.find(({ id }) => id === node)?.architecture ?? '';
  if (builders.some(isOpen)) return { own: node, architecture, nodes: builders };
  const states = builders.map((one) => `${one.hostname} is ${one.isReady ? `in ${one.availability}` : 'not ready'}`);
  throw refuse(
    'builders-away',
    `no node with the label ${builderLabel}=true takes work: ${states.join(', ')}`,
    'look at docker node ls; docker node update --availability active NODE ends a drain or a pause',
  );
}

/** Whether a node has the label of builders. */
export function isBuilder({ labels }: SwarmNode): boolean {
  return labels[builderLabel] === 'true';
}

/** Whether a node takes further work. */
export function isOpen({ isReady, availability }: SwarmNode): boolean {
  return isReady && availability === 'active';
}

/** Says that a node does not take part because it cannot run the code of the site's own engine. */
export function describeOtherArchitecture({ hostname, architecture }: SwarmNode, own: string): string {
  return `the node ${hostname} does not take part: its architecture is ${architecture}, and that of the site's own engine is ${own}`;
}

/** The nodes in the order of their names: the manager lists them in any. */
async function listNodes(swarm: Swarm): Promise<readonly SwarmNode[]> {
  try {
    const nodes = await swarm.nodes();
    return nodes.toSorted((a, b) => (a.hostname < b.hostname ? -1 : 1));
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    const hint = 'start the other managers: a swarm needs more than half of them; see docker node ls';
    throw new Failure('manager-absent', `failed to use the swarm: ${error.message}`, { hint, cause: error });
  }
}

function refuse(
  code: 'swarm-absent' | 'manager-absent' | 'swarm-locked' | 'builder-absent' | 'builders-away',
  why: string,
  hint: string,
): Failure {
  return new Failure(code, `failed to use the swarm: ${why}`, { hint });
}
