import type { Event } from '../report/event.ts';

const prefix = '!!! before the sync: ';

/** The event of a line of a sync's output: a warning if `warn-of-sync.sh` printed the line. */
export function syncLine(text: string): Event {
  if (!text.startsWith(prefix)) return { type: 'line', step: 'sync', text };
  return {
    type: 'warning',
    message: text.slice(prefix.length),
    hint: 'to leave the tree as it is, build with --no-sync, or let the build use a separate volume',
  };
}
