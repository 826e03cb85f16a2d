import type { Event } from '../report/event.ts';

const prefix = '!!! metadata cache: ';

/** The warning of a line that `with-metadata-cache.sh` printed; undefined for another line. */
export function metadataWarning(text: string): Event | undefined {
  if (!text.startsWith(prefix)) return undefined;
  return {
    type: 'warning',
    message: text.slice(prefix.length),
    hint: 'this build sources the ebuilds itself; make room, or remove the volume of the cache: the next build makes a new one',
  };
}
