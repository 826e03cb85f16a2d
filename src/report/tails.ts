import type { Event } from './event.ts';

const linesOfEach = 5;

/** The last lines that Portage printed, by their tasks. */
export interface Tails {
  /** Takes an event into account; `isKept` says of a line that it stays above the picture. */
  take(event: Event, isKept: boolean): void;
  of(task: string | undefined): readonly string[];
}

/** A step begins without the lines of the one before, and what a step has printed goes with it. */
export function keepTails(): Tails {
  const tails = new Map<string | undefined, readonly string[]>();
  return {
    take(event, isKept) {
      if (event.type === 'step-started' || event.type === 'step-finished' || event.type === 'step-failed')
        tails.delete(event.task);
      if (event.type !== 'line' || isKept || event.text.trim() === '') return;
      tails.set(event.task, [...(tails.get(event.task) ?? []).slice(1 - linesOfEach), event.text]);
    },
    of: (task) => tails.get(task) ?? [],
  };
}
