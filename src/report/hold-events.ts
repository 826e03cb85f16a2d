import type { Event, OpenReport } from './event.ts';

/**
 * Holds events back while the terminal is lent, and passes them on when the terminal is returned or the report is closed.
 * The promise of `terminal-lent` settles when all earlier events have been written.
 */
export function holdEventsWhileLent(report: OpenReport): OpenReport {
  let held: Event[] | undefined;

  /** Waits one turn of the event loop, because lines are written at the end of their turn. */
  async function lend(taken: void | Promise<void>): Promise<void> {
    held = [];
    await taken;
    await new Promise((resolve) => setImmediate(resolve));
  }
  async function release(): Promise<void> {
    const events = held ?? [];
    held = undefined;
    for (const event of events) await report(event);
  }
  function take(event: Event): void | Promise<void> {
    if (held !== undefined && event.type !== 'terminal-returned') {
      held.push(event);
      return;
    }
    const taken = report(event);
    if (event.type === 'terminal-lent') return lend(taken);
    return event.type === 'terminal-returned' ? release() : taken;
  }
  async function close(): Promise<void> {
    if (held !== undefined) await take({ type: 'terminal-returned' });
    await report.close();
  }
  return Object.assign(take, { close });
}
