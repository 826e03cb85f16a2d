import type { Schedule } from './event.ts';

/** What an image pull has come to, in bytes; total 0 while unknown. */
interface Pull {
  readonly image: string;
  readonly current: number;
  readonly total: number;
}

/**
 * Picks, out of the many events of a pull, those that are worth a line in a log: the first one of an image, and then
 * one for each further tenth of it.
 */
export function selectPullMilestones(): (pull: Pull) => boolean {
  const reached = new Map<string, number>();
  return ({ image, current, total }) => {
    const tenth = tenthOf(current, total);
    if (tenth <= (reached.get(image) ?? -1)) return false;
    reached.set(image, tenth);
    return true;
  };
}

/**
 * Picks, out of the many changes of a schedule, those that are worth a line in a log: the first one with an end, one for
 * each tenth, a graph that has grown, and each failure.
 */
export function selectScheduleMilestones(): (schedule: Schedule) => boolean {
  let said: { readonly tenth: number; readonly total: number; readonly failed: number } | undefined;
  return ({ done, failed, total }) => {
    const now = { tenth: tenthOf(done + failed, total), total, failed };
    const hasEnds = done + failed > 0;
    const isNews = said === undefined || now.tenth > said.tenth || total > said.total || failed > said.failed;
    if (hasEnds && isNews) said = now;
    return hasEnds && isNews;
  };
}

function tenthOf(part: number, whole: number): number {
  return whole > 0 ? Math.floor((10 * part) / whole) : 0;
}
