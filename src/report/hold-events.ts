import type { Event, OpenReport } from './event.ts';

/**
 * A report that keeps what it is told to itself while the terminal is lent, and passes it on when the terminal is given
 * back, or when it is closed. Lending settles when all that was said before is written.
 */
export function holdEventsWhileLent(report: OpenReport): OpenReport {
  let held: Event[] | undefined;

  /** Lines are written at the end of the turn that they were said in. */
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
