import * as v from 'valibot';
import { parseJson } from '../../parse-json.ts';
import type { RunningPackage } from '../../report/event.ts';

/** The packages that emerge works on at one moment. */
export interface RunningPackages {
  readonly completed: number;
  readonly total: number;
  readonly packages: readonly RunningPackage[];
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const snapshotSchema = v.object({
  type: v.literal('snapshot'),
  jobs: v.object({ completed: count, total: count }),
  tasks: v.array(v.unknown()),
});

const word = v.optional(v.fallback(v.string(), ''), '');

const taskSchema = v.object({
  cpv: v.pipe(v.string(), v.nonEmpty()),
  phase: word,
  kind: word,
  elapsed: v.optional(v.fallback(v.pipe(v.number(), v.minValue(0)), 0), 0),
  binary: v.optional(v.fallback(v.boolean(), false), false),
});

/**
 * Parses one snapshot of Portage's status stream (`FEATURES="observability"`, since 3.0.82): the status file, or a line
 * from the status socket. Returns undefined if the text is of another type, damaged or incomplete; a reader ignores such a
 * text, because the next snapshot follows. Tasks of another shape are left out.
 */
export function parseStatusSnapshot(text: string): RunningPackages | undefined {
  const snapshot = parseJson(snapshotSchema, text);
  if (snapshot === undefined) return undefined;
  const { completed, total } = snapshot.jobs;
  return { completed, total, packages: snapshot.tasks.flatMap((task) => runningPackage(task) ?? []) };
}

function runningPackage(json: unknown): RunningPackage | undefined {
  const { success, output } = v.safeParse(taskSchema, json);
  if (!success) return undefined;
  const { cpv, phase, kind, elapsed, binary } = output;
  // Before its first phase a task has only a kind: build or merge.
  return { cpv, phase: phase === '' ? kind : phase, elapsed, binary };
}
