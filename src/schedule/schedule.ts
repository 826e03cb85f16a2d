import { performance } from 'node:perf_hooks';
import type { Executor, WorkNode } from './executor.ts';
import { Graph } from './graph.ts';

/** What became of a node. */
export type Outcome<Result> =
  | { readonly type: 'done'; readonly result: Result; readonly seconds: number }
  | { readonly type: 'failed'; readonly error: unknown; readonly seconds: number }
  /** It was not begun, because of nodes that failed; their ids, sorted. */
  | { readonly type: 'skipped'; readonly because: readonly string[] };

/** How far a schedule is. */
export interface ScheduleState {
  readonly total: number;
  readonly done: number;
  /** Those that were skipped are counted as well. */
  readonly failed: number;
  readonly atWork: number;
  /** Seconds until the end, as far as can be known; undefined where too little is. */
  readonly remaining: number | undefined;
}

/** How a schedule is worked off. */
export interface ScheduleOptions<Work, Result> {
  /** How many nodes are at work at once, at most. */
  readonly jobs: number;
  readonly executor: Executor<Work, Result>;
  /** Once aborted, nothing more is begun. */
  readonly signal: AbortSignal;
  readonly onChange?: (state: ScheduleState) => void | Promise<void>;
  /** Milliseconds. */
  readonly now?: () => number;
}

/**
 * Works off a graph: whatever can be begun is, the one with the longest way to the end first, at most `jobs` at once. A node
 * that fails takes with it those that need it, and nothing else. Settles when nothing is at work any more; throws the
 * signal's reason where that was aborted, and an `Error` where nodes need each other in a circle or one that is not there.
 */
export async function runSchedule<Work, Result>(
  nodes: readonly WorkNode<Work>[],
  { jobs, executor, signal, onChange, now = () => performance.now() }: ScheduleOptions<Work, Result>,
): Promise<ReadonlyMap<string, Outcome<Result>>> {
  const graph = new Graph<Work>(nodes);
  const outcomes = new Map<string, Outcome<Result>>();
  const atWork = new Map<string, { readonly begun: number; readonly end: Promise<void> }>();

  const isOpen = ({ id }: WorkNode<Work>) => !outcomes.has(id) && !atWork.has(id);
  const hasSucceeded = (id: string) => outcomes.get(id)?.type === 'done';

  function skipLost(): void {
    for (const node of graph.inOrder()) {
      if (!isOpen(node)) continue;
      const because = node.needs.flatMap((id) => {
        const outcome = outcomes.get(id);
        if (outcome === undefined || outcome.type === 'done') return [];
        return outcome.type === 'failed' ? [id] : outcome.because;
      });
      if (because.length > 0) outcomes.set(node.id, { type: 'skipped', because: [...new Set(because)].toSorted() });
    }
  }
  function findReady(): readonly WorkNode<Work>[] {
    const ready = graph.nodes.filter((node) => isOpen(node) && node.needs.every(hasSucceeded));
    return graph.longestWayFirst(ready);
  }
  function begin(node: WorkNode<Work>, atOnce: number): void {
    const begun = now();
    const seconds = () => (now() - begun) / 1000;
    const end = executor.execute(node, { atOnce }).then(
      ({ result, nodes: more = [] }) => {
        graph.add(more);
        outcomes.set(node.id, { type: 'done', result, seconds: seconds() });
      },
      (error: unknown) => void outcomes.set(node.id, { type: 'failed', error, seconds: seconds() }),
    );
    atWork.set(node.id, { begun, end: end.finally(() => atWork.delete(node.id)) });
  }
  function stateOf(): ScheduleState {
    const ends = [...outcomes.values()];
    const done = ends.filter(({ type }) => type === 'done').length;
    const left = graph.nodes.filter(({ id }) => !outcomes.has(id));
    const spent = (id: string) => (now() - (atWork.get(id)?.begun ?? now())) / 1000;
    return {
      ...{ total: graph.nodes.length, done, failed: ends.length - done, atWork: atWork.size },
      remaining: graph.timeFor(left, jobs, spent),
    };
  }

  try {
    while (outcomes.size < graph.nodes.length) {
      skipLost();
      const ready = signal.aborted ? [] : findReady();
      const chosen = ready.slice(0, Math.max(0, jobs - atWork.size));
      const atOnce = Math.max(1, Math.min(jobs, atWork.size + ready.length));
      for (const node of chosen) begin(node, atOnce);
      await onChange?.(stateOf());
      if (atWork.size === 0) break;
      await Promise.race([...atWork.values()].map(({ end }) => end));
    }
  } finally {
    await Promise.allSettled([...atWork.values()].map(({ end }) => end));
  }
  await onChange?.(stateOf());
  signal.throwIfAborted();
  const left = graph.nodes.filter((node) => !outcomes.has(node.id)).map(({ id }) => id);
  if (left.length > 0) throw new Error(`nothing can be begun of what is left: ${left.join(', ')}`);
  return outcomes;
}
