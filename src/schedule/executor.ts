/** A node of a graph of work. `order` is the instruction for the executor. */
export interface WorkNode<Order> {
  /** The id, unique in a graph. */
  readonly id: string;
  /** The ids of the nodes that have to succeed before this node starts. */
  readonly needs: readonly string[];
  /** The expected duration in seconds; undefined if it is unknown. */
  readonly estimate: number | undefined;
  /**
   * Whether the answer adds nodes to the graph. The schedule starts such a node first, because the work that it adds is
   * unknown.
   */
  readonly expandsGraph?: boolean;
  readonly order: Order;
}

/** The number of orders that run at the same time. */
export interface Concurrency {
  /** The number of orders that are expected to run together with this one, itself included; at least 1. */
  readonly concurrency: number;
  /** The rank of the order among those that wait: the seconds of its critical path; undefined if there is no other one. */
  readonly priority?: number;
  /** The memory limit of each of the order's containers in bytes, unless the site has one; undefined if they have none. */
  readonly memory?: number;
  /** Aborted if the order is to end early. */
  readonly signal?: AbortSignal;
  /** Called by an executor that queues orders: the order is at work from then on, or waits again. */
  readonly atWork?: (isAtWork: boolean) => void;
  /** Called by an executor on another machine when the order needs that machine no more. */
  readonly arrived?: () => void;
}

/** Carries out orders: on the local engine, or on another node. The schedule knows nothing else about the place. */
export interface Executor<Order, Answer> {
  /** Carries out one order. The promise settles when no part of the order runs any more. */
  execute(order: Order, concurrency: Concurrency): Promise<Answer>;
}
