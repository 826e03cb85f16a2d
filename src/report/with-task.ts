import type { Event, Report } from './event.ts';

/** Adds the task to the events of a container that have none. */
export function withTask(report: Report, task: string): Report {
  return (event) => report(isOfContainer(event) && event.task === undefined ? { ...event, task } : event);
}

function isOfContainer(
  event: Event,
): event is Extract<Event, { type: 'line' | 'package' | 'running' | 'usage' | 'log' }> {
  return ['line', 'package', 'running', 'usage', 'log'].includes(event.type);
}
