/** A piece of work among others. `work` is whatever the executor knows how to do. */
export interface WorkNode<Work> {
  /** Names no two nodes of a schedule. */
  readonly id: string;
  /** The ids of those that have to have succeeded before it. */
  readonly needs: readonly string[];
  /** How long it is expected to take; seconds. Undefined if nobody knows. */
  readonly estimate: number | undefined;
  /** That its end brings more nodes, so that nobody knows how long the way behind it is: these come first. */
  readonly unfolds?: boolean;
  readonly work: Work;
}

/** What the work of a node has come to, and the nodes that it has brought: an id that is there already is the same node. */
export interface Executed<Work, Result> {
  readonly result: Result;
  readonly nodes?: readonly WorkNode<Work>[];
}

/** How much is done besides a piece of work. */
export interface Company {
  /** The number of nodes that are expected to be at work while it is, itself included; 1 at least. */
  readonly atOnce: number;
}

/** Where work is done: on the local engine, on others. The one thing that a schedule knows of that. */
export interface Executor<Work, Result> {
  /** Does the work of one node, and settles once nothing of it goes on. */
  execute(node: WorkNode<Work>, company: Company): Promise<Executed<Work, Result>>;
}
