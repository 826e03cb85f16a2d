import { assemblyId, type SiteNode } from './expand-site.ts';
import { actionOf } from './plan-json.ts';
import type { BuildmasterPlan, SitePlan, TuplePlan } from './plan.ts';
import { directNeeds } from './strong-components.ts';

/** The graph of a plan; nodes and edges are in a fixed order. */
export interface PlanGraph {
  readonly name: string;
  readonly nodes: readonly PlanNode[];
  readonly edges: readonly PlanEdge[];
}

/** A node of the graph: a work order of the build, or something that orders read or make. */
export interface PlanNode {
  /** The id, made of letters and digits; unique in a graph. */
  readonly id: string;
  readonly kind: 'stage' | 'tree' | 'buildmaster' | 'partition' | 'resolve' | 'packages' | 'tuple' | 'output';
  /** The lines of the label; they may contain any character. */
  readonly label: readonly string[];
  /** The state of the object: it exists (`there`), a build would make it (`made`), or a build cannot make it (`failed`). */
  readonly state: 'there' | 'made' | 'failed';
  /** The id of the build's node that this node stands for; undefined if the build runs no order for it. */
  readonly order?: string;
}

/** An edge from a node to a node that is made from it. */
export interface PlanEdge {
  readonly from: string;
  readonly to: string;
}

/**
 * Draws the graph that a build runs: its orders for buildmasters, for Portage, for packages and for the roots of tuples, with an
 * edge for each need that does not follow from other edges. Around them it draws the stages, trees, partitions of the store and
 * outputs, and the tuples and buildmasters for which nothing is to be done.
 */
export function graphPlan(plan: SitePlan): PlanGraph {
  const drawing = new Drawing();
  const trees = plan.trees.map(({ repository, revision }) =>
    drawing.add('tree', repository, {
      label: [repository, (revision ?? 'empty').slice(0, 10)],
      state: revision === undefined ? 'failed' : 'there',
    }),
  );
  for (const buildmaster of plan.buildmasters)
    for (const source of [drawStage(drawing, buildmaster.stage), ...trees])
      drawing.connect(source, drawBuildmaster(drawing, buildmaster));
  for (const node of plan.graph) drawOrder(drawing, plan, node);
  const needs = directNeeds(
    plan.graph.map((node) => node.needs.map((id) => plan.graph.findIndex((one) => one.id === id))),
  );
  for (const [index, { id }] of plan.graph.entries())
    for (const need of needs[index] ?? []) drawing.connectOrders(plan.graph[need]?.id ?? '', id);
  for (const planned of plan.tuples) drawTuple(drawing, planned);
  for (const node of plan.graph) connectAnswers(drawing, plan, node);
  return { name: plan.site, ...drawing.graph };
}

/** The nodes and edges that have been drawn. */
class Drawing {
  readonly #nodes = new Map<string, PlanNode>();
  readonly #edges = new Map<string, PlanEdge>();

  /**
   * Adds a node, or finds the node of this kind and key. The state `made` replaces the state of an existing node: a partition
   * counts as made if one of its tuples would write to it.
   */
  add(
    kind: PlanNode['kind'],
    key: string,
    { label, state, order }: Pick<PlanNode, 'label' | 'state' | 'order'>,
  ): string {
    const known = this.#nodes.get(`${kind} ${key}`);
    const id = known?.id ?? `n${this.#nodes.size + 1}`;
    const drawn = order ?? known?.order;
    if (known === undefined || state === 'made')
      this.#nodes.set(`${kind} ${key}`, { id, kind, label, state, ...(drawn === undefined ? {} : { order: drawn }) });
    return id;
  }

  /** The id of a node that has been added. */
  find(kind: PlanNode['kind'], key: string): string | undefined {
    return this.#nodes.get(`${kind} ${key}`)?.id;
  }

  connect(from: string | undefined, to: string | undefined): void {
    if (from !== undefined && to !== undefined) this.#edges.set(`${from} ${to}`, { from, to });
  }

  /** Connects the nodes of two orders. */
  connectOrders(from: string, to: string): void {
    const idOf = (order: string) => [...this.#nodes.values()].find((node) => node.order === order)?.id;
    this.connect(idOf(from), idOf(to));
  }

  get graph(): Pick<PlanGraph, 'nodes' | 'edges'> {
    return { nodes: [...this.#nodes.values()], edges: [...this.#edges.values()] };
  }
}

function drawStage(drawing: Drawing, name: string): string {
  return drawing.add('stage', name, { label: [name], state: 'there' });
}

function drawBuildmaster(drawing: Drawing, { name, image, action, why }: BuildmasterPlan): string {
  const state = action === 'make' ? 'made' : 'there';
  return drawing.add('buildmaster', image, { label: [name, ...why.slice(0, 1)], state });
}

function drawOrder(drawing: Drawing, plan: SitePlan, { id, order }: SiteNode): void {
  const made = { state: 'made', order: id } as const;
  switch (order.kind) {
    case 'buildmaster': {
      const planned = plan.buildmasters.find(({ image }) => image === order.buildmaster);
      drawing.add('buildmaster', order.buildmaster, {
        label: [planned?.name ?? order.buildmaster, ...(planned?.why.slice(0, 1) ?? [])],
        ...made,
      });
      return;
    }
    case 'resolve': {
      const node = drawing.add('resolve', id, { label: ['ask Portage', ...order.tuples], ...made });
      drawing.connect(drawing.find('buildmaster', order.buildmaster), node);
      return;
    }
    case 'packages': {
      const state = plan.blocked.includes(id) ? 'failed' : 'made';
      drawing.add('packages', id, { label: order.packages.map(({ cpv }) => cpv), state, order: id });
      return;
    }
    case 'assemble': {
      const planned = plan.tuples.find(({ tuple }) => tuple.name === order.tuple);
      const label = [order.tuple, ...(planned ? summarize(planned) : [])];
      drawing.add('tuple', order.tuple, { label, state: planned ? stateOf(planned) : 'made', order: id });
    }
  }
}

/**
 * Connects a `resolve` order with the packages of its tuples that need no other package of these tuples, and with the tuples
 * that need none of these packages.
 */
function connectAnswers(drawing: Drawing, { graph, tuples }: SitePlan, { id, order }: SiteNode): void {
  if (order.kind !== 'resolve') return;
  const isOwn = (node: SiteNode | undefined) =>
    node?.order.kind === 'packages' && order.tuples.includes(node.order.tuple);
  const needsOwn = ({ needs }: SiteNode) => needs.some((need) => isOwn(graph.find((node) => node.id === need)));
  const from = drawing.find('resolve', id);
  for (const node of graph)
    if (isOwn(node) && !needsOwn(node)) drawing.connect(from, drawing.find('packages', node.id));
  for (const { tuple } of tuples) {
    const assembly = graph.find((node) => node.id === assemblyId(tuple.name));
    if (order.tuples.includes(tuple.name) && (assembly === undefined || !needsOwn(assembly)))
      drawing.connect(from, drawing.find('tuple', tuple.name));
  }
}

function drawTuple(drawing: Drawing, planned: TuplePlan): void {
  const { name, stage } = planned.tuple;
  const state = stateOf(planned);
  const id = drawing.add('tuple', name, { label: [name, ...summarize(planned)], state });
  const buildmaster = drawing.find('buildmaster', planned.buildmaster.image);
  if (planned.partition !== undefined) {
    const compiles = state === 'made' && planned.packages.some(({ action }) => action === 'compile');
    const partition = drawing.add('partition', planned.partition, {
      label: [planned.partition],
      state: compiles ? 'made' : 'there',
    });
    drawing.connect(buildmaster, partition);
    drawing.connect(partition, id);
  }
  drawing.connect(drawStage(drawing, stage.name), id);
  for (const { output, name: outputName, action } of planned.outputs) {
    const made = state === 'failed' ? state : 'made';
    const label = [output, outputName];
    drawing.connect(id, drawing.add('output', label.join(' '), { label, state: action === 'make' ? made : 'there' }));
  }
}

function stateOf(planned: TuplePlan): PlanNode['state'] {
  return ({ none: 'there', build: 'made', fail: 'failed' } as const)[actionOf(planned)];
}

function summarize({ packages, upToDate, failure }: TuplePlan): readonly string[] {
  if (failure) return ['cannot be built'];
  if (upToDate) return ['up to date'];
  const count = (action: string) => packages.filter((item) => item.action === action).length;
  return [`${count('compile')} to compile, ${count('reuse')} from the store`];
}
