import type { Failure } from '../failure.ts';
import type { Event, Report, Work } from '../report/event.ts';
import {
  type BuildRecord,
  type PackageRecord,
  type TargetRecord,
  type TaskRecord,
  recordFormat,
} from './build-record.ts';
import { PackageWatch, secondsBetween } from './package-watch.ts';
import { UsageMeter } from './usage-meter.ts';

/** The fields by which estimates compare tasks of several builds. */
export type TaskIdentity = Pick<TaskRecord, 'kind' | 'place' | 'name' | 'version'>;

/** The program and the site of a build. */
export type BuildIdentity = Pick<BuildRecord, 'program' | 'site'>;

/** Records the end of one task of a {@link BuildRecorder}. */
export interface RecordedTask {
  /** Ends the task, or corrects its end, and returns its record so far. */
  end(result: TaskRecord['result']): TaskRecord;
}

interface End {
  readonly at: number;
  readonly result: 'done' | 'failed';
}

interface OpenStep {
  readonly step: string;
  readonly started: number;
  ended: End | undefined;
}

interface OpenTask {
  readonly identity: TaskIdentity;
  readonly label: string | undefined;
  readonly started: number;
  readonly steps: OpenStep[];
  readonly logs: Set<string>;
  readonly meter: UsageMeter;
  readonly packages: PackageWatch;
  ended: End | undefined;
}

/**
 * Records a build: adds each event of its report to a task and its packages. The label of an event (`task`) identifies the
 * task; in the main job it is undefined. The clock returns milliseconds since the epoch.
 */
export class BuildRecorder {
  readonly #now: () => number;
  readonly #started: number;
  readonly #tasks: OpenTask[] = [];
  readonly #latest = new Map<string | undefined, OpenTask>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#started = now();
  }

  /** Returns a report that records each event and passes it on. */
  watch(report: Report): Report {
    return (event) => {
      this.take(event);
      return report(event);
    };
  }

  /**
   * Begins a task: from now on, events with this label belong to it, until another task with this label begins. Steps after
   * its end, such as the removal of its container, still belong to it.
   */
  beginTask(identity: TaskIdentity, label: string | undefined): RecordedTask {
    const meter = new UsageMeter();
    const packages = new PackageWatch(meter);
    const common = { steps: [], logs: new Set<string>(), meter, packages, ended: undefined };
    const task: OpenTask = { identity, label, started: this.#now(), ...common };
    this.#tasks.push(task);
    this.#latest.set(label, task);
    return {
      end: (result) => {
        task.ended = { at: this.#now(), result };
        return describeTask(task, task.ended);
      },
    };
  }

  /** Adds one event to its task. */
  take(event: Event): void {
    const task = this.#latest.get('task' in event ? event.task : undefined);
    if (task === undefined) return;
    const now = this.#now();
    switch (event.type) {
      case 'step-started':
        task.steps.push({ step: event.step, started: now, ended: undefined });
        return;
      case 'step-finished':
      case 'step-failed':
        endStep(task, event, { at: now, result: event.type === 'step-finished' ? 'done' : 'failed' });
        return;
      case 'package':
        task.packages.takePackage(event, now);
        return;
      case 'running':
        task.packages.takeRunning(event, now);
        return;
      case 'usage':
        task.meter.take(event);
        task.packages.takeUsage(event);
        return;
      case 'log':
        task.logs.add(event.location);
        return;
      case 'note':
      case 'warning':
      case 'pull':
      case 'line':
      case 'schedule':
      case 'terminal-lent':
      case 'terminal-returned':
      case 'failed':
      case 'defect':
        return;
    }
  }

  /** The record of the build so far. A task that has not ended counts as failed now. */
  read({ program, site }: BuildIdentity, targets: readonly TargetRecord[]): BuildRecord {
    const now = this.#now();
    return {
      format: recordFormat,
      program,
      site,
      started: new Date(this.#started).toISOString(),
      ended: new Date(now).toISOString(),
      targets: [...targets],
      tasks: this.#tasks.map((task) => describeTask(task, task.ended ?? { at: now, result: 'failed' })),
      packages: this.#tasks.flatMap((task) => selectPackages(task, task.ended?.at ?? now)),
    };
  }
}

/** Describes failures for a record. */
export function recordFailures(failures: readonly Failure[]): TargetRecord['failures'] {
  return failures.map(({ code, exitStatus, message, hint }) => ({ code, exitStatus, message, hint: hint ?? null }));
}

function endStep(task: OpenTask, { step }: Work, end: End): void {
  const open = task.steps.findLast((one) => one.step === step && one.ended === undefined);
  if (open !== undefined) open.ended = end;
}

function describeTask({ identity, label, started, steps, meter, logs }: OpenTask, { at, result }: End): TaskRecord {
  return {
    ...identity,
    label: label ?? null,
    started: new Date(started).toISOString(),
    ended: new Date(at).toISOString(),
    seconds: secondsBetween(started, at),
    result,
    steps: steps.map((step) => describeStep(step, at)),
    usage: meter.read(),
    logs: [...logs],
  };
}

function describeStep({ step, started, ended }: OpenStep, now: number): TaskRecord['steps'][number] {
  const { at, result } = ended ?? { at: now, result: 'failed' as const };
  return { step, started: new Date(started).toISOString(), seconds: secondsBetween(started, at), result };
}

/**
 * The packages of a task to record. If the task compiles packages, binary packages are left out: they are only dependencies,
 * thousands in a large site.
 */
function selectPackages({ identity, label, packages }: OpenTask, now: number): PackageRecord[] {
  const all = packages.read(label ?? null, now);
  return identity.kind === 'packages' ? all.filter(({ binary }) => !binary) : all;
}
