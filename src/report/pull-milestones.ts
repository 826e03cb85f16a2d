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
export function selectMilestones(): (pull: Pull) => boolean {
  const reached = new Map<string, number>();
  return ({ image, current, total }) => {
    const tenth = total > 0 ? Math.floor((10 * current) / total) : 0;
    if (tenth <= (reached.get(image) ?? -1)) return false;
    reached.set(image, tenth);
    return true;
  };
}
