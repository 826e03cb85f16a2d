import type { Failure } from '../failure.ts';

/** The steps of the main job, in their order. */
export const mainSteps = ['preconditions', 'start', 'sync', 'emerge', 'stop', 'commit', 'remove'] as const;

/** What zentoo does, for a repository, a buildmaster or a tuple. */
type SiteStep =
  | 'sync'
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

/** A step of the main job, or one that is done for something: several of these may be under way at once. */
export interface Work {
  readonly step: Step;
  /** What it is done for: a repository, a buildmaster, a package or a tuple, without spaces; undefined for the main job. */
  readonly task?: string | undefined;
}

/** Whether Portage merges packages in a step. */
export function isMerging(step: Step): boolean {
  return step === 'emerge' || step === 'buildmaster' || step === 'worker' || step === 'compile' || step === 'assemble';
}

/** A package that Portage is working on. Elapsed time is in seconds. */
export interface RunningPackage {
  /** `category/name-version` */
  readonly cpv: string;
  /** Portage's own word: `compile`, `install`, `merge`, ... */
  readonly phase: string;
  readonly elapsed: number;
  /** Whether it comes from a binary package. */
  readonly binary: boolean;
}

/** Whose an event is, where several tasks are under way; the main job has one alone. */
interface OfTask {
  readonly task?: string | undefined;
}

/** How far a graph of work has come, in nodes; those that failed or were skipped for it are not among the done. */
export interface Schedule {
  readonly done: number;
  readonly total: number;
  readonly failed: number;
  readonly atWork: number;
  /** Seconds until all is done, where that can be said. */
  readonly remaining?: number | undefined;
}

/**
 * What happens during a run. Whoever does the work emits these; only `report/` turns them into text.
 *
 * - `step-started`, `step-finished`: a step; the duration is in seconds, and so is what it is expected to be.
 * - `step-failed`: a step of one task has failed, and others go on.
 * - `note`: something that the user should know (what is made on first use, what is skipped and why).
 * - `warning`: something that the user should mend, though the run goes on.
 * - `pull`: progress of an image pull in bytes, summed over its layers; total 0 while unknown.
 * - `line`: a line that Portage printed, without its line end and possibly not valid as text.
 * - `package`: Portage has begun (`emerging`) or ended (`completed`) the package `index` of `total`.
 * - `running`: the packages that are being worked on right now, from Portage's own status stream.
 * - `schedule`: how far the whole is, where it is a graph of work; said at each change.
 * - `terminal-lent`, `terminal-returned`: in between, the terminal is somebody else's, such as a shell's: nothing is
 *   written, and what happens meanwhile is shown afterwards.
 * - `failed`: the run ends with these; the steps that have not finished are those that failed.
 * - `defect`: the run ends with an error that is none of the user's, as it was thrown.
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
      /** Whether it comes from a binary package, where Portage says so. */
      readonly binary?: boolean;
    } & OfTask)
  | ({
      readonly type: 'running';
      readonly completed: number;
      readonly total: number;
      readonly packages: readonly RunningPackage[];
    } & OfTask)
  | ({ readonly type: 'schedule' } & Schedule)
  | { readonly type: 'terminal-lent' | 'terminal-returned' }
  | { readonly type: 'failed'; readonly failures: readonly Failure[] }
  | { readonly type: 'defect'; readonly error: unknown };

/**
 * Where events go. The promise, where there is one, settles when the event has been taken: whoever emits many of them
 * awaits it, so that a slow reader slows the work down and does not fill the memory.
 */
export type Report = (event: Event) => void | Promise<void>;

/** A report that holds on to a terminal or a stream; `close` gives it back, and settles when all has been written. */
export interface OpenReport {
  (event: Event): void | Promise<void>;
  close(): Promise<void>;
}
