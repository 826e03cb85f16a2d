import type { Event } from './event.ts';

const linesOfEach = 5;

/** The last lines that Portage printed, by task. */
export interface LastLinesByTask {
  /** Applies an event. `isKeptAbove` tells that the event's line stays above the live view, so it is not remembered. */
  take(event: Event, isKeptAbove: boolean): void;
  of(task: string | undefined): readonly string[];
}

/** Starts to track last lines. A task's lines are forgotten when a step of the task starts or ends. */
export function trackLastLines(): LastLinesByTask {
  const lastLines = new Map<string | undefined, readonly string[]>();
  return {
    take(event, isKeptAbove) {
      if (event.type === 'step-started' || event.type === 'step-finished' || event.type === 'step-failed')
        lastLines.delete(event.task);
      if (event.type !== 'line' || isKeptAbove || event.text.trim() === '') return;
      lastLines.set(event.task, [...(lastLines.get(event.task) ?? []).slice(1 - linesOfEach), event.text]);
    },
    of: (task) => lastLines.get(task) ?? [],
  };
}
