import type { Failure } from '../failure.ts';

/** The steps of gentoo-builder's main job, in order. */
export const mainSteps = ['preconditions', 'start', 'sync', 'emerge', 'stop', 'commit', 'remove'] as const;

/** The steps of zentoo. */
type SiteStep =
  | 'sync'
  | 'metadata'
  | 'wait'
  | 'plan'
  | 'buildmaster'
  | 'worker'
  | 'resolve'
  | 'compile'
  | 'assemble'
  | 'hook'
  | 'archive'
  | 'commit'
  | 'shell';

export type Step = (typeof mainSteps)[number] | SiteStep;

/** A step of one task; several tasks may run at once. */
export interface Work {
  readonly step: Step;
  /** The site, repository, buildmaster, package or tuple that the step works for, without spaces; undefined in the main job. */
  readonly task?: string | undefined;
}

/** Whether Portage merges packages during a step. */
export function isMerging(step: Step): boolean {
  return step === 'emerge' || step === 'buildmaster' || step === 'worker' || step === 'compile' || step === 'assemble';
}

/** A package that Portage is working on. */
export interface RunningPackage {
  /** `category/name-version` */
  readonly cpv: string;
  /** The phase in Portage's words: `compile`, `install`, `merge`, ... */
  readonly phase: string;
  /** The seconds since the package began. */
  readonly elapsed: number;
  /** Whether Portage installs it from a binary package. */
  readonly binary: boolean;
}

/** The task that emitted the event; undefined in the main job, which has only one task. */
interface OfTask {
  readonly task?: string | undefined;
}

/** Memory and processor time of a container at one moment. */
export interface UsageSample {
  /** The anonymous memory of the container's processes in bytes. */
  readonly rss: number;
  /** The shared memory of the container in bytes, including files on a tmpfs. */
  readonly shmem: number;
  /** The seconds of processor time since the container started. */
  readonly processorSeconds: number;
}

/** Progress of a graph of work, in nodes. */
export interface Schedule {
  readonly done: number;
  readonly total: number;
  /** The number of nodes that failed, or were skipped because of a failure. */
  readonly failed: number;
  readonly atWork: number;
  /** The estimated seconds until the graph is done; undefined if there is no estimate. */
  readonly remaining?: number | undefined;
}

/**
 * Something that happened during a run. The code that does the work emits events; only `report/` turns them into text.
 *
 * - `step-started`, `step-finished`: a step began or succeeded. Duration and estimate are in seconds.
 * - `step-failed`: a step of one task failed; other tasks continue.
 * - `note`: information for the user: a volume that is created on first use, a step that is skipped and why.
 * - `warning`: something that the user should fix; the run continues.
 * - `pull`: progress of an image pull in bytes, summed over its layers; the total is 0 while it is unknown.
 * - `line`: a line that Portage printed, without its line end; it may contain invalid text.
 * - `package`: Portage began (`emerging`) or ended (`completed`) package `index` of `total`.
 * - `running`: the packages that Portage is working on now, from Portage's status stream.
 * - `usage`: memory and processor time of a container, sampled once a second while a job runs in it.
 * - `log`: all output of a container goes to this log; `location` describes its place for a person.
 * - `schedule`: progress of a graph of work, emitted at each change.
 * - `terminal-lent`, `terminal-returned`: between these events, a shell has the terminal. The report writes nothing meanwhile,
 *   and shows the other events afterwards.
 * - `failed`: the run ends with these failures. Each step that has not finished has failed.
 * - `defect`: the run ends with an error of the program, not of the user; `error` is the thrown value.
 */
export type Event =
  | ({ readonly type: 'step-started'; readonly detail: string; readonly estimate?: number | undefined } & Work)
  | ({ readonly type: 'step-finished'; readonly seconds: number } & Work)
  | ({ readonly type: 'step-failed'; readonly seconds: number } & Work)
  | { readonly type: 'note'; readonly message: string }
  | { readonly type: 'warning'; readonly message: string; readonly hint?: string | undefined }
  | { readonly type: 'pull'; readonly image: string; readonly current: number; readonly total: number }
  | ({ readonly type: 'line'; readonly step: Step; readonly text: string } & OfTask)
  | ({
      readonly type: 'package';
      readonly cpv: string;
      readonly index: number;
      readonly total: number;
      readonly action: 'emerging' | 'completed';
      /** True if Portage says that it installs a binary package. */
      readonly binary?: boolean;
    } & OfTask)
  | ({
      readonly type: 'running';
      readonly completed: number;
      readonly total: number;
      readonly packages: readonly RunningPackage[];
    } & OfTask)
  | ({ readonly type: 'usage' } & UsageSample & OfTask)
  | ({ readonly type: 'log'; readonly location: string } & OfTask)
  | ({ readonly type: 'schedule' } & Schedule)
  | { readonly type: 'terminal-lent' | 'terminal-returned' }
  | { readonly type: 'failed'; readonly failures: readonly Failure[] }
  | { readonly type: 'defect'; readonly error: unknown };

/**
 * Receives events. A returned promise settles when the event has been written. An emitter of many events awaits it, so
 * that a slow reader slows the work down instead of filling the memory.
 */
export type Report = (event: Event) => void | Promise<void>;

/** A report that owns a terminal or a stream. `close` releases it and settles when everything has been written. */
export interface OpenReport {
  (event: Event): void | Promise<void>;
  close(): Promise<void>;
}
