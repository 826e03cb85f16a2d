import { splitCpv } from '../../portage/cpv.ts';
import type { Executor } from '../../schedule/executor.ts';
import type { EngineFactors } from '../../schedule/engine-factors.ts';
import type { Duration, History, TimedNode } from '../../schedule/history.ts';
import { taskLabel } from '../../plan/task-label.ts';
import type { BuildRecorder } from '../../record/build-recorder.ts';
import { taskDuration } from '../../record/task-duration.ts';
import type { WorkOrder } from '../../plan/work-order.ts';
import type { Site, Tuple } from '../../site/site.ts';
import type { FailureNotes } from './failure-notes.ts';

/** Identifies an order in the duration history: work for one cpu and one branch takes about as long as it did the last time. */
export function timedNode(order: WorkOrder, { tuples }: Pick<Site, 'tuples'>): TimedNode {
  const tupleOf = (name: string): Tuple | undefined => tuples.find((tuple) => tuple.name === name);
  const stageName = (name: string): string => tupleOf(name)?.stage.name ?? '';
  const { kind } = order;
  switch (kind) {
    case 'buildmaster': {
      const { cpu, portage } = tupleOf(order.tuple) ?? {};
      return { kind, place: stageName(order.tuple), name: `${cpu?.name}-${portage?.name}`, version: '' };
    }
    case 'resolve':
      return { kind, place: order.tuples[0] ?? '', name: order.tuples.join(' '), version: '' };
    case 'packages': {
      const cpvs = order.packages.map(({ cpv }) => splitCpv(cpv) ?? { name: cpv, version: '' });
      const join = (part: 'name' | 'version') => cpvs.map((cpv) => cpv[part]).join(' ');
      return { kind, place: order.partition, name: join('name'), version: join('version') };
    }
    case 'assemble':
      return { kind, place: stageName(order.tuple), name: order.tuple, version: order.outputs.join(' ') };
  }
}

/** The recorder, the history and the site for the recording of a build's tasks. */
export interface TaskRecording {
  readonly recorder: Pick<BuildRecorder, 'beginTask'>;
  readonly history: Pick<History, 'add' | 'recall'>;
  readonly notes: Pick<FailureNotes, 'check' | 'succeed' | 'fail'>;
  readonly site: Pick<Site, 'tuples'>;
  /** The executor's engine, if it is not the site's own. */
  readonly elsewhere?: { readonly engine: string; readonly factors: EngineFactors };
}

/**
 * Returns an executor that records each order as a task, adds the duration of a successful task to the history, and notes packages
 * that fail. An order of hopeless packages fails without being a task.
 */
export function recordTasks<Answer>(
  executor: Executor<WorkOrder, Answer>,
  { recorder, history, notes, site, elsewhere }: TaskRecording,
): Executor<WorkOrder, Answer> {
  return {
    async execute(order, concurrency) {
      notes.check(order);
      const task = recorder.beginTask(timedNode(order, site), taskLabel(order, site, elsewhere?.engine));
      try {
        const answer = await executor.execute(order, concurrency);
        const duration = taskDuration(task.end('done'));
        if (duration !== undefined) addDuration(history, duration, elsewhere);
        notes.succeed(order);
        return answer;
      } catch (error) {
        const { logs } = task.end('failed');
        notes.fail(order, error, logs.at(-1));
        throw error;
      }
    },
  };
}

/** Adds the duration of a task. The history has the times of the site's own engine: those of others are converted by their factors. */
function addDuration(
  history: TaskRecording['history'],
  duration: Duration,
  elsewhere: TaskRecording['elsewhere'],
): void {
  if (elsewhere === undefined) return history.add([duration]);
  const { engine, factors } = elsewhere;
  const own = history.recall(duration);
  if (own !== undefined) factors.observe(engine, { own, seconds: duration.seconds });
  history.add([{ ...duration, seconds: duration.seconds / factors.factorOf(engine) }]);
}
