import { formatElapsed } from './amounts.ts';
import type { Schedule } from './event.ts';

/** How far a graph of work has come: `12 of 57 done, 2 failed, 3 at work, about 4m 10s left`. */
export function describeSchedule({ done, total, failed, atWork, remaining }: Schedule): string {
  return [
    `${done} of ${total} done`,
    failed > 0 ? `${failed} failed` : '',
    atWork > 0 ? `${atWork} at work` : '',
    remaining === undefined || remaining <= 0 ? '' : `about ${formatElapsed(Math.ceil(remaining))} left`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** Since when something is under way, and how long it is expected to take: `38s of about 45s`. Both are in seconds. */
export function describeElapsed(elapsed: number, estimate: number | undefined): string {
  const expected = estimate === undefined ? '' : ` of about ${formatElapsed(Math.ceil(estimate))}`;
  return formatElapsed(elapsed) + expected;
}
