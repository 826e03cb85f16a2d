import { performance } from 'node:perf_hooks';
import type { Executor, WorkNode } from './executor.ts';
import { Graph } from './graph.ts';

/** The end of a node. */
export type Outcome<Answer> =
  | { readonly type: 'done'; readonly answer: Answer }
  | { readonly type: 'failed'; readonly error: unknown }
  /** The node was not started because these nodes failed; their ids, sorted. */
  | { readonly type: 'skipped'; readonly because: readonly string[] };

/** The progress of a schedule. */
export interface ScheduleState {
  readonly total: number;
  readonly done: number;
  /** The number of nodes that failed or were skipped. */
  readonly failed: number;
  readonly atWork: number;
  /** The estimated seconds until the end; undefined if too little is known. */
  readonly remaining: number | undefined;
}

/** The options of a schedule. */
export interface ScheduleOptions<Order, Answer> {
  /** The maximum number of nodes that run at the same time; it may change. */
  readonly jobs: number;
  readonly executor: Executor<Order, Answer>;
  /**
   * Whether the executor queues orders until a place is free, and says which are at work. It then gets each node that is ready at once, and
   * keeps to `jobs` by itself.
   */
  readonly queues?: boolean;
  /** The nodes that an answer adds to the graph. A node whose id is already in the graph is ignored. */
  readonly expand?: (order: Order, answer: Answer) => readonly WorkNode<Order>[];
  /** Once the signal is aborted, no further node starts. */
  readonly signal: AbortSignal;
  readonly onChange?: (state: ScheduleState) => void | Promise<void>;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

/** All nodes of a schedule that has ended, and the outcome of each by its id. */
export interface ScheduleResult<Order, Answer> {
  readonly nodes: readonly WorkNode<Order>[];
  readonly outcomes: ReadonlyMap<string, Outcome<Answer>>;
}

/**
 * Runs a graph. Starts each node when its needs have succeeded, at most `jobs` nodes at the same time unless the executor queues them, the
 * longest critical path first. If a node fails, only the nodes that need it are skipped. Settles when no node runs any more. Throws the signal's
 * reason if the signal was aborted, and an `Error` if nodes need each other in a cycle or need a node that is not in the graph.
 */
export async function runSchedule<Order, Answer>(
  nodes: readonly WorkNode<Order>[],
  options: ScheduleOptions<Order, Answer>,
): Promise<ScheduleResult<Order, Answer>> {
  return new ScheduleRun(nodes, options).run();
}

/** One run of a graph. */
class ScheduleRun<Order, Answer> {
  readonly #graph: Graph<Order>;
  readonly #options: ScheduleOptions<Order, Answer>;
  readonly #now: () => number;
  readonly #outcomes = new Map<string, Outcome<Answer>>();
  /** `started` is undefined while a node waits in the queue of the executor. */
  readonly #running = new Map<string, { readonly started: number | undefined; readonly end: Promise<void> }>();

  constructor(nodes: readonly WorkNode<Order>[], options: ScheduleOptions<Order, Answer>) {
    this.#graph = new Graph(nodes);
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  async run(): Promise<ScheduleResult<Order, Answer>> {
    const { signal, onChange } = this.#options;
    try {
      while (this.#outcomes.size < this.#graph.nodes.length) {
        this.#skipBlocked();
        this.#startReady();
        // Nodes may end while the change is reported.
        const ends = this.#ends();
        await onChange?.(this.#state());
        if (ends.length === 0) break;
        await Promise.race(ends);
      }
    } finally {
      await Promise.allSettled(this.#ends());
    }
    await onChange?.(this.#state());
    signal.throwIfAborted();
    const left = this.#graph.nodes.filter((node) => !this.#outcomes.has(node.id)).map(({ id }) => id);
    if (left.length > 0) throw new Error(`no remaining node can be started: ${left.join(', ')}`);
    this.#completeReasons();
    return { nodes: this.#graph.nodes, outcomes: this.#outcomes };
  }

  #skipBlocked(): void {
    for (const node of this.#graph.inOrder()) {
      if (!this.#isOpen(node)) continue;
      const because = this.#reasonsToSkip(node);
      if (because.length > 0) this.#outcomes.set(node.id, { type: 'skipped', because });
    }
  }

  /** Adds to each skipped node the nodes that failed after it was skipped. */
  #completeReasons(): void {
    for (const node of this.#graph.inOrder())
      if (this.#outcomes.get(node.id)?.type === 'skipped')
        this.#outcomes.set(node.id, { type: 'skipped', because: this.#reasonsToSkip(node) });
  }

  #reasonsToSkip({ needs }: WorkNode<Order>): readonly string[] {
    const because = needs.flatMap((id) => {
      const outcome = this.#outcomes.get(id);
      if (outcome === undefined || outcome.type === 'done') return [];
      return outcome.type === 'failed' ? [id] : outcome.because;
    });
    return [...new Set(because)].toSorted();
  }

  #startReady(): void {
    const { jobs, signal, queues = false } = this.#options;
    if (signal.aborted) return;
    const isReady = (node: WorkNode<Order>) =>
      this.#isOpen(node) && node.needs.every((id) => this.#outcomes.get(id)?.type === 'done');
    const ready = this.#graph.criticalPathFirst(this.#graph.nodes.filter(isReady));
    const concurrency = Math.max(1, Math.min(jobs, this.#running.size + ready.length));
    const free = queues ? ready.length : Math.max(0, jobs - this.#running.size);
    for (const node of ready.slice(0, free)) this.#start(node, concurrency);
  }

  #start(node: WorkNode<Order>, concurrency: number): void {
    const { id, order } = node;
    const { executor, expand, queues = false } = this.#options;
    const priority = this.#graph.priorityOf(node);
    let started = queues ? undefined : this.#now();
    const atWork = (isAtWork: boolean) => {
      started = isAtWork ? this.#now() : undefined;
      const running = this.#running.get(id);
      if (running !== undefined) this.#running.set(id, { ...running, started });
    };
    const end = executor.execute(order, { concurrency, priority, atWork }).then(
      (answer) => {
        this.#graph.add(expand?.(order, answer) ?? []);
        this.#outcomes.set(id, { type: 'done', answer });
      },
      (error: unknown) => void this.#outcomes.set(id, { type: 'failed', error }),
    );
    this.#running.set(id, { started, end: end.finally(() => this.#running.delete(id)) });
  }

  #countAtWork(): number {
    return [...this.#running.values()].filter(({ started }) => started !== undefined).length;
  }

  #isOpen({ id }: WorkNode<Order>): boolean {
    return !this.#outcomes.has(id) && !this.#running.has(id);
  }

  #ends(): readonly Promise<void>[] {
    return [...this.#running.values()].map(({ end }) => end);
  }

  #state(): ScheduleState {
    const ends = [...this.#outcomes.values()];
    const done = ends.filter(({ type }) => type === 'done').length;
    const left = this.#graph.nodes.filter(({ id }) => !this.#outcomes.has(id));
    const spent = (id: string) => (this.#now() - (this.#running.get(id)?.started ?? this.#now())) / 1000;
    return {
      ...{ total: this.#graph.nodes.length, done, failed: ends.length - done, atWork: this.#countAtWork() },
      remaining: this.#graph.timeFor(left, this.#options.jobs, spent),
    };
  }
}
