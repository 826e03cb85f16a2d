import type { Schedule } from './event.ts';

/** Progress of an image pull in bytes; the total is 0 while it is unknown. */
interface Pull {
  readonly image: string;
  readonly current: number;
  readonly total: number;
}

/** Selects the `pull` events that deserve a line in a log: the first event of an image, and one for each further tenth. */
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
 * Selects the `schedule` events that deserve a line in a log: the first finished node, each further tenth, each growth of the
 * graph, and each failure. If fewer nodes have ended than before, another graph has begun.
 */
export function selectScheduleMilestones(): (schedule: Schedule) => boolean {
  let said: { readonly tenth: number; readonly total: number; readonly failed: number } | undefined;
  let ended = 0;
  return ({ done, failed, total }) => {
    const now = { tenth: tenthOf(done + failed, total), total, failed };
    const hasEnds = done + failed > 0;
    if (done + failed < ended) said = undefined;
    ended = done + failed;
    const isNews = said === undefined || now.tenth > said.tenth || total > said.total || failed > said.failed;
    if (hasEnds && isNews) said = now;
    return hasEnds && isNews;
  };
}

function tenthOf(part: number, whole: number): number {
  return whole > 0 ? Math.floor((10 * part) / whole) : 0;
}
