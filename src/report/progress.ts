import { isMerging, type Event, type RunningPackage, type Schedule, type Work } from './event.ts';
import { escapeForTerminal } from './escape-for-terminal.ts';
import { labelStep } from './step-label.ts';

/** A package that is being built or merged; `since` is its start in milliseconds of the caller's clock. */
export interface PackageAtWork {
  readonly cpv: string;
  readonly phase: string;
  readonly binary: boolean;
  readonly since: number;
}

/** A running step. */
export interface StepUnderWay extends Work {
  readonly detail: string;
  readonly since: number;
  /** The estimated seconds; undefined if there is no estimate. */
  readonly estimate: number | undefined;
}

/** Progress of one emerge. */
export interface EmergeProgress {
  readonly packages: Map<string, PackageAtWork>;
  /** The start of each package that Portage has begun and not completed. */
  readonly begun: Map<string, { readonly since: number; readonly binary: boolean }>;
  /** The number of the last package that began, or of the completed packages if that is greater. */
  reached: number;
  total: number;
}

/**
 * The state of a run after its events so far. Its texts are safe for a terminal. Times are milliseconds of `advance`'s clock.
 */
export interface Progress {
  /** The running steps by label. */
  readonly steps: Map<string, StepUnderWay>;
  /** The images that are being pulled, with the bytes of each; the total is 0 while it is unknown. */
  readonly pulls: Map<string, { readonly current: number; readonly total: number }>;
  /** The running emerges by task. */
  readonly emerges: Map<string | undefined, EmergeProgress>;
  /** The last `schedule` event; undefined if the run is not a graph of work. */
  schedule: (Schedule & { readonly saidAt: number }) | undefined;
}

/** The state of a run before its first event. */
export function startProgress(): Progress {
  return { steps: new Map(), pulls: new Map(), emerges: new Map(), schedule: undefined };
}

/** Applies an event that happened at `now`. */
export function advance(progress: Progress, event: Event, now: number): void {
  switch (event.type) {
    case 'step-started':
      if (isMerging(event.step)) progress.emerges.delete(event.task);
      progress.steps.set(labelStep(event), {
        step: event.step,
        task: event.task,
        detail: escapeForTerminal(event.detail),
        since: now,
        estimate: event.estimate,
      });
      return;
    case 'step-finished':
    case 'step-failed':
      endStep(progress, event);
      return;
    case 'pull':
      progress.pulls.set(escapeForTerminal(event.image), { current: event.current, total: event.total });
      return;
    case 'package':
      countPackage(emergeOf(progress, event), event, now);
      return;
    case 'running':
      replacePackages(emergeOf(progress, event), event, now);
      return;
    case 'schedule':
      progress.schedule = { ...event, saidAt: now };
      return;
    case 'failed':
    case 'defect':
      for (const work of [...progress.steps.values()]) endStep(progress, work);
      progress.schedule = undefined;
      return;
    case 'note':
    case 'warning':
    case 'line':
    case 'usage':
    case 'log':
    case 'terminal-lent':
    case 'terminal-returned':
      return;
  }
}

/** Returns the schedule at `now`: the remaining time counts down, and is undefined after it has passed. */
export function scheduleAt({ schedule }: Progress, now: number): Schedule | undefined {
  if (schedule?.remaining === undefined) return schedule;
  const remaining = schedule.remaining - (now - schedule.saidAt) / 1000;
  return { ...schedule, remaining: remaining > 0 ? remaining : undefined };
}

function endStep(progress: Progress, work: Work): void {
  progress.steps.delete(labelStep(work));
  progress.pulls.clear();
  if (isMerging(work.step)) progress.emerges.delete(work.task);
}

/** Finds the emerge of a task, or starts it. */
function emergeOf(progress: Progress, { task }: Pick<Work, 'task'>): EmergeProgress {
  const known = progress.emerges.get(task);
  if (known !== undefined) return known;
  const begun: EmergeProgress = { packages: new Map(), begun: new Map(), reached: 0, total: 0 };
  progress.emerges.set(task, begun);
  return begun;
}

function replacePackages(emerge: EmergeProgress, running: Extract<Event, { type: 'running' }>, now: number): void {
  emerge.reached = Math.max(emerge.reached, running.completed);
  emerge.total = Math.max(emerge.total, running.total);
  emerge.packages.clear();
  for (const each of running.packages) setPackage(emerge, atWork(each, now));
}

/** Updates the running packages from a `package` event, the only source if Portage has no status stream. */
function countPackage(emerge: EmergeProgress, event: Extract<Event, { type: 'package' }>, now: number): void {
  const { cpv, index, total, action, binary = false } = event;
  emerge.reached = Math.max(emerge.reached, index);
  emerge.total = Math.max(emerge.total, total);
  if (action === 'completed') {
    emerge.packages.delete(cpv);
    emerge.begun.delete(cpv);
    return;
  }
  emerge.begun.set(cpv, { since: now, binary });
  if (!emerge.packages.has(cpv)) setPackage(emerge, { cpv, phase: '', binary, since: now });
}

function setPackage(emerge: EmergeProgress, { cpv, phase, binary, since }: PackageAtWork): void {
  emerge.packages.set(cpv, { cpv: escapeForTerminal(cpv), phase: escapeForTerminal(phase), binary, since });
}

function atWork({ cpv, phase, binary, elapsed }: RunningPackage, now: number): PackageAtWork {
  return { cpv, phase, binary, since: now - elapsed * 1000 };
}
