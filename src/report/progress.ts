import { isMerging, type Event, type RunningPackage, type Schedule, type Work } from './event.ts';
import { harmlessLine } from './harmless-text.ts';
import { labelStep } from './step-label.ts';

/** A package at work; `since` is when it began, in milliseconds of the caller's clock. */
export interface PackageAtWork {
  readonly cpv: string;
  readonly phase: string;
  readonly binary: boolean;
  readonly since: number;
}

/** A step that has begun. */
export interface StepUnderWay extends Work {
  readonly detail: string;
  readonly since: number;
  /** How many seconds it is expected to take, where that is known. */
  readonly estimate: number | undefined;
}

/** What one emerge has come to. */
export interface EmergeProgress {
  readonly packages: Map<string, PackageAtWork>;
  /** When Portage began each package that it has not completed. */
  readonly begun: Map<string, { readonly since: number; readonly binary: boolean }>;
  /** The number of the package that was begun last, or of those completed where that is more. */
  reached: number;
  total: number;
}

/** Where a run is: the sum of its events so far, its texts harmless. Times are milliseconds of the clock that `advance` is called with. */
export interface Progress {
  /** The steps that have begun and not ended, by their labels. */
  readonly steps: Map<string, StepUnderWay>;
  /** The images that are being pulled. Bytes; total 0 while unknown. */
  readonly pulls: Map<string, { readonly current: number; readonly total: number }>;
  /** The emerges that are under way, by their tasks. */
  readonly emerges: Map<string | undefined, EmergeProgress>;
  /** How far the whole was when that was said last, where it is a graph of work. */
  schedule: (Schedule & { readonly saidAt: number }) | undefined;
}

/** The progress of a run of which nothing has happened yet. */
export function startProgress(): Progress {
  return { steps: new Map(), pulls: new Map(), emerges: new Map(), schedule: undefined };
}

/** Takes an event into account that happened at `now`. */
export function advance(progress: Progress, event: Event, now: number): void {
  switch (event.type) {
    case 'step-started':
      if (isMerging(event.step)) progress.emerges.delete(event.task);
      progress.steps.set(labelStep(event), {
        step: event.step,
        task: event.task,
        detail: harmlessLine(event.detail),
        since: now,
        estimate: event.estimate,
      });
      return;
    case 'step-finished':
    case 'step-failed':
      endStep(progress, event);
      return;
    case 'pull':
      progress.pulls.set(harmlessLine(event.image), { current: event.current, total: event.total });
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
    case 'terminal-lent':
    case 'terminal-returned':
      return;
  }
}

/** How far the whole is; the time that is left goes by, and once it is over nothing is said of it. */
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

/** The emerge of a task, which its first event begins. */
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

/** Where Portage has no status stream, these events alone say what is running. */
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
  emerge.packages.set(cpv, { cpv: harmlessLine(cpv), phase: harmlessLine(phase), binary, since });
}

function atWork({ cpv, phase, binary, elapsed }: RunningPackage, now: number): PackageAtWork {
  return { cpv, phase, binary, since: now - elapsed * 1000 };
}
