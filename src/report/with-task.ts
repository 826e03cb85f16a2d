import type { Event, Report } from './event.ts';

/** A report that says of what Portage prints and does whose it is, where that has not been said. */
export function withTask(report: Report, task: string): Report {
  return (event) => report(isPortages(event) && event.task === undefined ? { ...event, task } : event);
}

function isPortages(event: Event): event is Extract<Event, { type: 'line' | 'package' | 'running' }> {
  return event.type === 'line' || event.type === 'package' || event.type === 'running';
}
