import { performance } from 'node:perf_hooks';
import type { Report, Step, Work } from '../report/event.ts';

/** Seconds that each finished step took. */
export type StepDurations = Readonly<Partial<Record<Step, number>>>;

/** Does a step with its arguments, telling of its beginning and end; the detail says what it works on. */
export interface StepTimer {
  <A extends unknown[], T>(step: Step, detail: string, work: (...args: A) => Promise<T>, ...args: A): Promise<T>;
  readonly durations: StepDurations;
}

/**
 * A timer whose durations are those of one run, or of what a run does for one `task`. The estimate is how many seconds a
 * step is expected to take, where that is known.
 */
export function createStepTimer(report: Report, task?: string, estimate?: number): StepTimer {
  const durations: Partial<Record<Step, number>> = {};
  async function run<A extends unknown[], T>(
    step: Step,
    detail: string,
    work: (...args: A) => Promise<T>,
    ...args: A
  ): Promise<T> {
    const what: Work = task === undefined ? { step } : { step, task };
    await report({ type: 'step-started', ...what, detail, ...(estimate === undefined ? {} : { estimate }) });
    const start = performance.now();
    const elapsed = () => (performance.now() - start) / 1000;
    let value: T;
    try {
      value = await work(...args);
    } catch (error) {
      // What ends the main job ends the run, which says so itself.
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
