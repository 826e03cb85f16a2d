import type { WorkNode } from './executor.ts';

/** The assumed duration of a node in seconds, if no duration in the graph is known. */
const defaultSeconds = 10;

/** The nodes of a schedule and their needs. Nodes can be added and never removed. */
export class Graph<Order> {
  readonly #nodes = new Map<string, WorkNode<Order>>();
  /** For each node, the seconds from its start to the end of the longest chain of nodes that need it. */
  #criticalPaths = new Map<string, number>();

  constructor(nodes: readonly WorkNode<Order>[]) {
    this.add(nodes);
  }

  get nodes(): readonly WorkNode<Order>[] {
    return [...this.#nodes.values()];
  }

  /** Adds nodes. A node whose id is already in the graph is ignored. Throws if a node needs itself or a node that is not in the graph. */
  add(nodes: readonly WorkNode<Order>[]): void {
    if (nodes.length === 0) return;
    for (const node of nodes) if (!this.#nodes.has(node.id)) this.#nodes.set(node.id, node);
    for (const { id, needs } of nodes)
      for (const need of needs) if (!this.#nodes.has(need)) throw new Error(`${id} needs ${need}, which is not there`);
    this.#criticalPaths = this.#measureCriticalPaths();
  }

  /** Returns all nodes in topological order: each node follows the nodes that it needs. */
  inOrder(): readonly WorkNode<Order>[] {
    const sorted: WorkNode<Order>[] = [];
    const state = new Map<string, 'visiting' | 'placed'>();
    const place = (node: WorkNode<Order>): void => {
      if (state.get(node.id) === 'placed') return;
      if (state.get(node.id) === 'visiting') throw new Error(`${node.id} needs itself`);
      state.set(node.id, 'visiting');
      for (const id of node.needs) {
        const need = this.#nodes.get(id);
        if (need !== undefined) place(need);
      }
      state.set(node.id, 'placed');
      sorted.push(node);
    };
    for (const node of this.#nodes.values()) place(node);
    return sorted;
  }

  /** Sorts ready nodes: nodes that expand the graph first, then by critical-path length, longest first; ties keep insertion order. */
  criticalPathFirst(nodes: readonly WorkNode<Order>[]): readonly WorkNode<Order>[] {
    return nodes.toSorted((a, b) => this.priorityOf(b) - this.priorityOf(a));
  }

  /** The length of a node's critical path in seconds; more than any length if the node expands the graph. */
  priorityOf({ id, expandsGraph }: WorkNode<Order>): number {
    return expandsGraph === true ? Number.MAX_VALUE : (this.#criticalPaths.get(id) ?? 0);
  }

  /**
   * The seconds that these nodes take with `jobs` nodes at the same time: the longer of the critical path and the sum shared by
   * the jobs. `spent` gives the seconds that a node has run so far. Returns undefined if a node expands the graph, or if no
   * estimate is known.
   */
  timeFor(nodes: readonly WorkNode<Order>[], jobs: number, spent: (id: string) => number): number | undefined {
    if (nodes.some(({ expandsGraph }) => expandsGraph)) return undefined;
    if (nodes.length > 0 && nodes.every(({ estimate }) => estimate === undefined)) return undefined;
    const left = nodes.map((node) => ({ id: node.id, seconds: Math.max(0, this.#timeOf(node) - spent(node.id)) }));
    const paths = left.map(({ id }) => (this.#criticalPaths.get(id) ?? 0) - spent(id));
    const sum = left.reduce((total, { seconds }) => total + seconds, 0);
    return Math.max(0, sum / jobs, ...paths);
  }

  #timeOf({ estimate }: WorkNode<Order>): number {
    return estimate ?? this.#meanEstimate();
  }

  #meanEstimate(): number {
    const known = [...this.#nodes.values()].flatMap(({ estimate }) => estimate ?? []);
    return known.length === 0 ? defaultSeconds : known.reduce((sum, seconds) => sum + seconds, 0) / known.length;
  }

  #measureCriticalPaths(): Map<string, number> {
    const paths = new Map<string, number>();
    const behind = new Map<string, number>();
    const mean = this.#meanEstimate();
    for (const { id, needs, estimate } of this.inOrder().toReversed()) {
      const path = (estimate ?? mean) + (behind.get(id) ?? 0);
      paths.set(id, path);
      for (const need of needs) behind.set(need, Math.max(behind.get(need) ?? 0, path));
    }
    return paths;
  }
}
