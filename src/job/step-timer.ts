import { performance } from 'node:perf_hooks';
import type { Report, Step, Work } from '../report/event.ts';

/** The duration of each finished step in seconds. */
export type StepDurations = Readonly<Partial<Record<Step, number>>>;

/** Runs the work of a step and reports its start and its end; `detail` names the object of the step. */
export interface StepTimer {
  <T>(step: Step, detail: string, work: () => Promise<T>): Promise<T>;
  readonly durations: StepDurations;
}

/**
 * Creates a timer for the steps of a run or, if `task` is given, for the steps of one task of a run. `estimate` is the
 * number of seconds that a step is expected to take; undefined if unknown.
 */
export function createStepTimer(report: Report, task?: string, estimate?: number): StepTimer {
  const durations: Partial<Record<Step, number>> = {};
  async function run<T>(step: Step, detail: string, work: () => Promise<T>): Promise<T> {
    const what: Work = task === undefined ? { step } : { step, task };
    await report({ type: 'step-started', ...what, detail, ...(estimate === undefined ? {} : { estimate }) });
    const start = performance.now();
    const elapsed = () => (performance.now() - start) / 1000;
    let value: T;
    try {
      value = await work();
    } catch (error) {
      // A failed step of the main job ends the run, and the run reports its own failure.
      if (task !== undefined) await report({ type: 'step-failed', ...what, seconds: elapsed() });
      throw error;
    }
    const seconds = elapsed();
    durations[step] = Math.round(seconds * 1000) / 1000;
    await report({ type: 'step-finished', ...what, seconds });
    return value;
  }
  return Object.assign(run, { durations });
}
