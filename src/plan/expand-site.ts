import type { WorkNode } from '../schedule/executor.ts';
import type { Tuple } from '../site/site.ts';
import type { Fingerprint } from './fingerprint.ts';
import { compilationInputs } from './compilation-inputs.ts';
import { addPackages, type PackageGroup, type PackagePool } from './package-pool.ts';
import type { WorkAnswer } from './work-answer.ts';
import type { OrderOf, WorkOrder } from './work-order.ts';

/** A tuple that is to be built. */
export interface WantedTuple {
  readonly tuple: Tuple;
  readonly fingerprint: Fingerprint;
  /** The tuple's buildmaster: its name, and whether the engine has it already. */
  readonly buildmaster: { readonly name: string; readonly isThere: boolean };
}

/** A node of the graph of a site's build. */
export type SiteNode = WorkNode<WorkOrder>;

/** The seconds that an order is expected to take; undefined if nothing is known. */
export type Estimate = (order: WorkOrder) => number | undefined;

/** The graph of a site's build as far as it is known, with the data to expand it when an answer arrives. */
export interface SiteGraph {
  readonly nodes: readonly SiteNode[];
  readonly wanted: readonly WantedTuple[];
  readonly pool: PackagePool;
}

/**
 * Makes the first nodes of a site's build. One node resolves all tuples that share a buildmaster, unless the hook `compile`
 * changes the buildmaster for each tuple. Optimized buildmasters of one cpu and stage are made one after the other, because
 * they may compile the same packages: a later one then finds the packages of an earlier one in the store.
 */
export function beginGraph(wanted: readonly WantedTuple[], estimate: Estimate): SiteGraph {
  const nodes = new Map<string, SiteNode>();
  const latest = new Map<string, string>();
  for (const { tuple, buildmaster } of wanted) {
    const id = buildmasterId(buildmaster.name);
    if (buildmaster.isThere || nodes.has(id)) continue;
    const line = `${tuple.cpu.name} ${tuple.stage.name}`;
    const before = tuple.stage.optimize === 'none' ? undefined : latest.get(line);
    latest.set(line, id);
    const order = { kind: 'buildmaster', tuple: tuple.name, buildmaster: buildmaster.name } as const;
    const needs = before === undefined ? [] : [before];
    nodes.set(id, { id, needs, estimate: estimate(order), expandsGraph: true, order });
  }
  for (const tuples of groupByContainer(wanted)) {
    const [{ tuple, buildmaster }] = tuples;
    const id = `resolve ${tuple.name}`;
    const maker = buildmasterId(buildmaster.name);
    const names = tuples.map((one) => one.tuple.name);
    const order = { kind: 'resolve', tuples: names, buildmaster: buildmaster.name } as const;
    const needs = nodes.has(maker) ? [maker] : [];
    nodes.set(id, { id, needs, estimate: estimate(order), expandsGraph: true, order });
  }
  return { nodes: [...nodes.values()], wanted, pool: new Map() };
}

/**
 * Expands the graph by the answer to one of its orders. Only the answer to a `resolve` order adds nodes: the packages that are not
 * in the graph yet, and the assembly of each tuple that Portage does not refuse.
 */
export function expandGraph(
  graph: SiteGraph,
  { order, answer }: { readonly order: WorkOrder; readonly answer: WorkAnswer },
  estimate: Estimate,
): SiteGraph {
  if (order.kind !== 'resolve' || answer.kind !== 'resolve') return graph;
  return answer.tuples.reduce<SiteGraph>((grown, one) => {
    const wanted = grown.wanted.find(({ tuple }) => tuple.name === one.tuple);
    if (one.type === 'refused' || wanted === undefined) return grown;
    const { pool, groups, ids } = addPackages(grown.pool, one.resolved);
    const common = { tuple: one.tuple, buildmaster: order.buildmaster, abilities: answer.abilities };
    const packages = groups.map((group) =>
      packagesNode(group, { ...common, inputs: compilationInputs(group, wanted) }, estimate),
    );
    return { ...grown, pool, nodes: [...grown.nodes, ...packages, assemblyNode(wanted, ids, estimate)] };
  }, graph);
}

/** The id of the node that assembles a tuple. */
export function assemblyId(tuple: string): string {
  return `assemble ${tuple}`;
}

/**
 * Keeps the graph of a site's build while the schedule runs it: `nodes` are the first ones, `expand` returns the nodes that an
 * answer adds.
 */
export function growGraph(
  wanted: readonly WantedTuple[],
  estimate: Estimate,
): {
  readonly nodes: readonly SiteNode[];
  readonly expand: (order: WorkOrder, answer: WorkAnswer) => readonly SiteNode[];
} {
  let graph = beginGraph(wanted, estimate);
  return {
    nodes: graph.nodes,
    expand(order, answer) {
      const known = graph.nodes.length;
      graph = expandGraph(graph, { order, answer }, estimate);
      return graph.nodes.slice(known);
    },
  };
}

function packagesNode(
  { id, needs, packages, dependencies, partition }: PackageGroup,
  common: Pick<OrderOf<'packages'>, 'tuple' | 'buildmaster' | 'inputs' | 'abilities'>,
  estimate: Estimate,
): SiteNode {
  const order = { kind: 'packages', ...common, packages, dependencies, partition } as const;
  return { id, needs, estimate: estimate(order), order };
}

function assemblyNode(
  { tuple, fingerprint, buildmaster }: WantedTuple,
  needs: readonly string[],
  estimate: Estimate,
): SiteNode {
  const order = {
    kind: 'assemble',
    tuple: tuple.name,
    buildmaster: buildmaster.name,
    fingerprint: fingerprint.digest,
    outputs: tuple.outputs,
  } as const;
  return { id: assemblyId(tuple.name), needs, estimate: estimate(order), order };
}

const buildmasterId = (name: string): string => `buildmaster ${name}`;

type Group = [WantedTuple, ...WantedTuple[]];

/** The tuples that one container can resolve. */
function groupByContainer(wanted: readonly WantedTuple[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const one of wanted) {
    const { tuple, buildmaster } = one;
    const hasHook = tuple.buildhooks.entries.some(({ path }) => path === 'compile');
    const key = hasHook ? `tuple ${tuple.name}` : buildmaster.name;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}
