import { formatElapsed } from './amounts.ts';
import type { Schedule } from './event.ts';

/** Describes the progress of a graph of work: `12 of 57 done, 2 failed, 3 at work, about 4m 10s left`. */
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

/** Describes elapsed and estimated time, both in seconds: `38s of about 45s`. */
export function describeElapsed(elapsed: number, estimate: number | undefined): string {
  const expected = estimate === undefined ? '' : ` of about ${formatElapsed(Math.ceil(estimate))}`;
  return formatElapsed(elapsed) + expected;
}
