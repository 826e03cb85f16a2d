import type { Duration } from '../schedule/history.ts';
import type { BuildRecord, TaskRecord } from './build-record.ts';

/** The duration of a task for the history that estimates come from; undefined if the task failed. */
export function taskDuration({ kind, place, name, version, seconds, ended, result }: TaskRecord): Duration | undefined {
  if (result === 'failed') return undefined;
  return { kind, place, name, version, seconds, ended: Date.parse(ended) };
}

/** The durations of the successful tasks of a build. */
export function durationsOf({ tasks }: BuildRecord): readonly Duration[] {
  return tasks.flatMap((task) => taskDuration(task) ?? []);
}
