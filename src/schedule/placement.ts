/** An engine that carries out orders. */
export interface EnginePlace {
  /** The name, unique among the engines of a build. */
  readonly name: string;
  /** Whether the engine takes further orders: it was not lost. */
  readonly isReady: boolean;
  /** The architecture in the words of uname(1). */
  readonly architecture: string;
  /** The number of orders that the engine carries out at the same time. */
  readonly slots: number;
  /** The number of orders that it carries out now. */
  readonly running: number;
  /** What orders need and the engine has already: images and packages. */
  readonly has: Pick<ReadonlySet<string>, 'has'>;
}

/** An order that waits for an engine. */
export interface WaitingOrder {
  readonly id: string;
  readonly architecture: string;
  /** The seconds of the critical path. */
  readonly priority: number;
  /** The name of the only engine that may carry it out; undefined if any may. */
  readonly only: string | undefined;
  /** The names of the engines that must not carry it out: they were lost with it, or cannot run its code. */
  readonly without: ReadonlySet<string>;
  /** What the order needs on its engine. */
  readonly needs: readonly string[];
}

/** An order and the engine that is to carry it out. */
export interface Placement {
  readonly id: string;
  readonly place: string;
}

/**
 * Chooses engines for waiting orders: the order with the longest critical path chooses first, among the ready engines of its
 * architecture that have a free slot. It takes the engine that has the most of what the order needs; among these, the one with
 * the largest part of its slots free; among these, the first one. Orders of equal length keep their sequence. An order for which no
 * engine is free goes on waiting, and does not keep others from the engines that it cannot use.
 */
export function placeOrders(waiting: readonly WaitingOrder[], places: readonly EnginePlace[]): readonly Placement[] {
  const running = new Map(places.map((place) => [place.name, place.running]));
  const free = ({ name, slots }: EnginePlace) => slots - (running.get(name) ?? 0);
  const placements: Placement[] = [];
  for (const order of waiting.toSorted((a, b) => b.priority - a.priority)) {
    const [best] = places
      .filter((place) => free(place) > 0 && isFit(order, place))
      .map((place) => ({ place, held: countHeld(order, place), share: free(place) / place.slots }))
      .toSorted((a, b) => b.held - a.held || b.share - a.share);
    if (best === undefined) continue;
    const { name } = best.place;
    running.set(name, (running.get(name) ?? 0) + 1);
    placements.push({ id: order.id, place: name });
  }
  return placements;
}

/** Whether an engine may ever carry out an order, while it is ready. */
export function isFit({ architecture, only, without }: WaitingOrder, place: EnginePlace): boolean {
  if (!place.isReady || place.architecture !== architecture || without.has(place.name)) return false;
  return only === undefined || only === place.name;
}

function countHeld({ needs }: WaitingOrder, { has }: EnginePlace): number {
  return needs.filter((need) => has.has(need)).length;
}
