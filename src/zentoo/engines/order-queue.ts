import type { WorkOrder } from '../../plan/work-order.ts';
import type { Report } from '../../report/event.ts';
import type { Concurrency } from '../../schedule/executor.ts';
import { placeOrders, type WaitingOrder } from '../../schedule/placement.ts';
import { chooseMemory, countSlots, memoryLeft } from './engine-room.ts';
import { HeldSlots } from './held-slots.ts';
import type { Entry, Workplace } from './workplace.ts';

/** The parts of a build that the queue needs. */
export interface Queueing {
  readonly report: Report;
  readonly signal: AbortSignal;
  /** What an order needs on its engine, as far as it is known: see `Workplace.has`. */
  readonly needs: (order: WorkOrder) => readonly string[];
  /** Whether another engine than the site's own may carry out an order. */
  readonly goesAnywhere: (order: WorkOrder) => boolean;
  /** The names of the engines whose machines cannot run the code of an order's CPU, as far as it is known. */
  readonly unfitFor: (order: WorkOrder) => Iterable<string>;
}

/** How an order waits for an engine. */
export interface Wish extends Pick<Concurrency, 'atWork'> {
  /** The seconds of the critical path. */
  readonly priority: number;
  /** The number of orders that are expected to run together, on all engines. */
  readonly concurrency: number;
  /** The engines that must not carry it out. */
  readonly without: ReadonlySet<string>;
  /** The memory limit in bytes with which it ran out of memory: it wants twice as much, or all that an engine has. */
  readonly above?: number | undefined;
}

interface Waiter extends WaitingOrder, Pick<Wish, 'concurrency' | 'above'> {
  readonly order: WorkOrder;
  readonly begin: (entry: Entry | undefined) => void;
}

/** The orders that wait for an engine, and the engines that they wait for. */
export class OrderQueue implements AsyncDisposable {
  readonly #places: [Workplace, ...Workplace[]];
  readonly #queueing: Queueing;
  readonly #slots: HeldSlots;
  readonly #lost = new Set<string>();
  /** The memory limits in bytes of the orders that run. */
  readonly #running = new Map<string, readonly number[]>();
  #waiting: readonly Waiter[] = [];
  #orders = 0;

  constructor(places: readonly [Workplace, ...Workplace[]], queueing: Queueing) {
    this.#places = [...places];
    this.#queueing = queueing;
    this.#slots = new HeldSlots({ ...queueing, onSlot: () => this.#place() });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#slots[Symbol.asyncDispose]();
  }

  /**
   * Waits for an engine, which the caller leaves; undefined if each engine that may carry out the order was lost. Throws the reason of the
   * build's signal.
   */
  async await(order: WorkOrder, { atWork, ...wish }: Wish): Promise<Entry | undefined> {
    const { signal, goesAnywhere, needs } = this.#queueing;
    const [home] = this.#places;
    const { promise, resolve, reject } = Promise.withResolvers<Entry | undefined>();
    const waiter = {
      ...{ id: `${++this.#orders}`, order, architecture: home.architecture, needs: needs(order) },
      ...wish,
      only: goesAnywhere(order) ? undefined : home.name,
      begin: (entry: Entry | undefined) => {
        if (entry !== undefined) atWork?.(true);
        resolve(entry);
      },
    };
    const giveUp = () => {
      this.#waiting = this.#waiting.filter((one) => one !== waiter);
      reject(signal.reason);
    };
    this.#waiting = [...this.#waiting, waiter];
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    this.#place();
    return promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  /** The number of orders that share an engine soon: those there, and those that wait and may go there. */
  demandOf({ name }: Workplace): number {
    const waiting = this.#waiting.filter(({ only = name, without }) => only === name && !without.has(name));
    return this.#limitsOn(name).length + waiting.length;
  }

  /** Looks which waiting orders an engine takes, after a change of `Workplace.isOpen`. */
  lookAgain(): void {
    this.#place();
  }

  /** Adds an engine that takes part from now on. */
  add(place: Workplace): void {
    this.#places.push(place);
    this.#place();
  }

  leave({ place: { name }, memory }: Pick<Entry, 'place' | 'memory'>): void {
    const running = this.#limitsOn(name);
    this.#running.set(name, running.toSpliced(running.indexOf(memory), 1));
    this.#place();
  }

  /** Gives an engine no further orders until `bringBack`. */
  lose({ name }: Workplace): void {
    this.#lost.add(name);
    this.#place();
  }

  bringBack({ name }: Workplace): void {
    this.#lost.delete(name);
    this.#place();
  }

  /** Does the work of an order in a slot of its engine; undefined if other builds have all slots. */
  withSlot<T>(entry: Entry, order: WorkOrder, work: () => Promise<T>): Promise<T | undefined> {
    return this.#slots.with(entry, order, work);
  }

  #place(): void {
    const kept = this.#placeLarge();
    const places = this.#places.map((place) => ({
      ...place,
      isReady: this.#isReady(place) && !kept.has(place.name),
      running: this.#limitsOn(place.name).length,
      slots: countSlots(place.room(), this.#limitsOn(place.name)),
    }));
    const waiting = this.#waiting.filter(({ above }) => above === undefined);
    const placements = placeOrders(
      waiting.map((waiter) => ({ ...waiter, without: this.#without(waiter) })),
      places,
    );
    for (const [index, { id, place: name }] of placements.entries()) {
      const waiter = this.#waiting.find((one) => one.id === id);
      const place = this.#places.find((one) => one.name === name);
      if (waiter === undefined || place === undefined) continue;
      const next = placements.slice(index + 1).filter((one) => one.place === name).length;
      const { concurrency } = waiter;
      this.#begin(waiter, place, chooseMemory(place.room(), this.#limitsOn(name), { concurrency, next }));
    }
    this.#slots.releaseFree();
    this.#giveUpHopeless();
  }

  /**
   * Places the orders that ran out of memory. Returns the engines that get no other order until there is enough memory for one: otherwise
   * smaller orders would take it again and again.
   */
  #placeLarge(): ReadonlySet<string> {
    const kept = new Set<string>();
    for (const waiter of this.#waiting) {
      const { above } = waiter;
      if (above === undefined) continue;
      const without = this.#without(waiter);
      const [best] = this.#places
        .filter((place) => this.#isReady(place) && place.room().slots > 0 && !without.has(place.name))
        .map((place) => ({ place, left: memoryLeft(place.room(), this.#limitsOn(place.name)) }))
        .toSorted((a, b) => b.left - a.left);
      if (best === undefined || kept.has(best.place.name)) continue;
      const { place, left } = best;
      const wanted = Math.min(2 * above, place.room().memory);
      if (left >= wanted) this.#begin(waiter, place, wanted);
      else kept.add(place.name);
    }
    return kept;
  }

  #begin(waiter: Waiter, place: Workplace, memory: number): void {
    const { name } = place;
    this.#waiting = this.#waiting.filter((one) => one !== waiter);
    this.#running.set(name, [...this.#limitsOn(name), memory]);
    const slot = waiter.order.kind === 'packages' ? this.#slots.takeFree(name) : undefined;
    waiter.begin({ place, slot, memory });
  }

  #isReady(place: Workplace): boolean {
    return !this.#lost.has(place.name) && place.isOpen?.() !== false;
  }

  #limitsOn(name: string): readonly number[] {
    return this.#running.get(name) ?? [];
  }

  #without({ order, without }: Waiter): ReadonlySet<string> {
    if (order.kind !== 'packages') return without;
    return new Set([...without, ...this.#queueing.unfitFor(order), ...this.#slots.full]);
  }

  #giveUpHopeless(): void {
    // An order that ran out of memory does not wait for an engine that may never take work again.
    const isAway = (place: Workplace) => !this.#isReady(place) || place.room().slots === 0;
    const isHopeless = ({ order, without, above }: Waiter) => {
      const never = new Set([...without, ...this.#lost, ...this.#queueing.unfitFor(order)]);
      return this.#places.every((place) => never.has(place.name) || (above !== undefined && isAway(place)));
    };
    const hopeless = this.#waiting.filter(isHopeless);
    this.#waiting = this.#waiting.filter((waiter) => !hopeless.includes(waiter));
    for (const { begin } of hopeless) begin(undefined);
  }
}
