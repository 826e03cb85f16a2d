import { isMerging, type Event, type RunningPackage, type Work } from './event.ts';
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
}

/** Where a run is: the sum of its events so far, its texts harmless. Times are milliseconds of the clock that `advance` is called with. */
export interface Progress {
  /** The steps that have begun and not ended, by their labels. */
  readonly steps: Map<string, StepUnderWay>;
  /** The images that are being pulled. Bytes; total 0 while unknown. */
  readonly pulls: Map<string, { readonly current: number; readonly total: number }>;
  readonly packages: Map<string, PackageAtWork>;
  /** When Portage began each package that it has not completed. */
  readonly begun: Map<string, number>;
  /** The number of the package that was begun last, or of those completed where that is more. */
  reached: number;
  total: number;
}

/** The progress of a run of which nothing has happened yet. */
export function startProgress(): Progress {
  return { steps: new Map(), pulls: new Map(), packages: new Map(), begun: new Map(), reached: 0, total: 0 };
}

/** Takes an event into account that happened at `now`. */
export function advance(progress: Progress, event: Event, now: number): void {
  switch (event.type) {
    case 'step-started':
      progress.steps.set(labelStep(event), {
        step: event.step,
        task: event.task,
        detail: harmlessLine(event.detail),
        since: now,
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
      countPackage(progress, event, now);
      return;
    case 'running':
      progress.reached = Math.max(progress.reached, event.completed);
      progress.total = Math.max(progress.total, event.total);
      progress.packages.clear();
      for (const running of event.packages) setPackage(progress, atWork(running, now));
      return;
    case 'failed':
    case 'defect':
      for (const work of [...progress.steps.values()]) endStep(progress, work);
      return;
    case 'note':
    case 'warning':
    case 'line':
    case 'terminal-lent':
    case 'terminal-returned':
      return;
  }
}

function endStep(progress: Progress, work: Work): void {
  progress.steps.delete(labelStep(work));
  progress.pulls.clear();
  if (isMerging(work.step)) {
    progress.packages.clear();
    progress.begun.clear();
    progress.reached = 0;
    progress.total = 0;
  }
}

/** Where Portage has no status stream, these events alone say what is running. */
function countPackage(progress: Progress, event: Extract<Event, { type: 'package' }>, now: number): void {
  const { cpv, index, total, action } = event;
  progress.reached = Math.max(progress.reached, index);
  progress.total = Math.max(progress.total, total);
  if (action === 'completed') {
    progress.packages.delete(cpv);
    progress.begun.delete(cpv);
    return;
  }
  progress.begun.set(cpv, now);
  if (!progress.packages.has(cpv)) setPackage(progress, { cpv, phase: '', binary: false, since: now });
}

function setPackage(progress: Progress, { cpv, phase, binary, since }: PackageAtWork): void {
  progress.packages.set(cpv, { cpv: harmlessLine(cpv), phase: harmlessLine(phase), binary, since });
}

function atWork({ cpv, phase, binary, elapsed }: RunningPackage, now: number): PackageAtWork {
  return { cpv, phase, binary, since: now - elapsed * 1000 };
}
