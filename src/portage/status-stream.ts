import type { RunningPackage } from '../report/event.ts';

/** What emerge does at one moment. */
export interface RunningPackages {
  readonly completed: number;
  readonly total: number;
  readonly packages: readonly RunningPackage[];
}

/**
 * One snapshot of Portage's status stream (`FEATURES="observability"`, since 3.0.82): its file, or a line from its
 * socket. Undefined if it is of another type, damaged or not complete, which a reader ignores: the next one follows.
 */
export function parseStatusSnapshot(text: string): RunningPackages | undefined {
  const snapshot = asObject(parseJson(text));
  const jobs = asObject(snapshot?.['jobs']);
  const tasks = snapshot?.['tasks'];
  if (snapshot?.['type'] !== 'snapshot' || !jobs || !Array.isArray(tasks)) return undefined;
  const completed = asCount(jobs['completed']);
  const total = asCount(jobs['total']);
  if (completed === undefined || total === undefined) return undefined;
  return { completed, total, packages: tasks.flatMap((task) => runningPackage(asObject(task)) ?? []) };
}

function runningPackage(task: Readonly<Record<string, unknown>> | undefined): RunningPackage | undefined {
  const cpv = task?.['cpv'];
  if (!task || typeof cpv !== 'string' || cpv === '') return undefined;
  // Before its first phase a task has none, and its kind says as much: build or merge.
  const phase = [task['phase'], task['kind']].find((word) => typeof word === 'string' && word !== '');
  const elapsed = task['elapsed'];
  return {
    cpv,
    phase: typeof phase === 'string' ? phase : '',
    elapsed: typeof elapsed === 'number' && elapsed > 0 ? elapsed : 0,
    binary: task['binary'] === true,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
