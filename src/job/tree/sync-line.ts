import type { Event } from '../../report/event.ts';

const prefix = '!!! before the sync: ';

/**
 * The event of a line of a sync's output: a warning if `warn-of-sync.sh` printed the line. `otherwise` is the hint: how the user
 * leaves the tree as it is.
 */
export function syncLine(text: string, otherwise: string): Event {
  if (!text.startsWith(prefix)) return { type: 'line', step: 'sync', text };
  return { type: 'warning', message: text.slice(prefix.length), hint: otherwise };
}
