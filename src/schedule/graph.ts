import type { WorkNode } from './executor.ts';

/** Seconds that a node is taken to need where nobody knows anything. */
const anyTime = 10;

/** The nodes of a schedule, and what they need of each other. More may be added, and none is taken away. */
export class Graph<Work> {
  readonly #nodes = new Map<string, WorkNode<Work>>();
  /** Of each node the seconds to the end of all that needs it, itself included. */
  #ways = new Map<string, number>();

  constructor(nodes: readonly WorkNode<Work>[]) {
    this.add(nodes);
  }

  get nodes(): readonly WorkNode<Work>[] {
    return [...this.#nodes.values()];
  }

  /** Adds nodes; those that are there already stay as they are. Throws where one needs another that is not there, or itself. */
  add(nodes: readonly WorkNode<Work>[]): void {
    if (nodes.length === 0) return;
    for (const node of nodes) if (!this.#nodes.has(node.id)) this.#nodes.set(node.id, node);
    for (const { id, needs } of nodes)
      for (const need of needs) if (!this.#nodes.has(need)) throw new Error(`${id} needs ${need}, which is not there`);
    this.#ways = this.#measureWays();
  }

  /** All nodes, each behind those that it needs. */
  inOrder(): readonly WorkNode<Work>[] {
    const order: WorkNode<Work>[] = [];
    const state = new Map<string, 'under way' | 'placed'>();
    const place = (node: WorkNode<Work>): void => {
      if (state.get(node.id) === 'placed') return;
      if (state.get(node.id) === 'under way') throw new Error(`${node.id} needs itself`);
      state.set(node.id, 'under way');
      for (const id of node.needs) {
        const need = this.#nodes.get(id);
        if (need !== undefined) place(need);
      }
      state.set(node.id, 'placed');
      order.push(node);
    };
    for (const node of this.#nodes.values()) place(node);
    return order;
  }

  /** Those first that nobody knows the way behind, then by the length of that; equal ones as they came. */
  longestWayFirst(nodes: readonly WorkNode<Work>[]): readonly WorkNode<Work>[] {
    const lengthOf = ({ id, unfolds }: WorkNode<Work>) =>
      unfolds === true ? Number.MAX_VALUE : (this.#ways.get(id) ?? 0);
    return nodes.toSorted((a, b) => lengthOf(b) - lengthOf(a));
  }

  /**
   * Seconds that some of the nodes take with so many at once, the longest way and the sum of all considered; `spent` says
   * how long one has been at work. Undefined where one brings more nodes, or the time of none is known.
   */
  timeFor(nodes: readonly WorkNode<Work>[], jobs: number, spent: (id: string) => number): number | undefined {
    if (nodes.some(({ unfolds }) => unfolds)) return undefined;
    if (nodes.length > 0 && nodes.every(({ estimate }) => estimate === undefined)) return undefined;
    const left = nodes.map((node) => ({ id: node.id, seconds: Math.max(0, this.#timeOf(node) - spent(node.id)) }));
    const ways = left.map(({ id }) => (this.#ways.get(id) ?? 0) - spent(id));
    const sum = left.reduce((total, { seconds }) => total + seconds, 0);
    return Math.max(0, sum / jobs, ...ways);
  }

  #timeOf({ estimate }: WorkNode<Work>): number {
    return estimate ?? this.#usual();
  }

  /** The mean of what is known. */
  #usual(): number {
    const known = [...this.#nodes.values()].flatMap(({ estimate }) => estimate ?? []);
    return known.length === 0 ? anyTime : known.reduce((sum, seconds) => sum + seconds, 0) / known.length;
  }

  #measureWays(): Map<string, number> {
    const ways = new Map<string, number>();
    const behind = new Map<string, number>();
    const usual = this.#usual();
    for (const { id, needs, estimate } of this.inOrder().toReversed()) {
      const way = (estimate ?? usual) + (behind.get(id) ?? 0);
      ways.set(id, way);
      for (const need of needs) behind.set(need, Math.max(behind.get(need) ?? 0, way));
    }
    return ways;
  }
}
