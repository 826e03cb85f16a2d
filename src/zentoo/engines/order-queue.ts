import type { ImageId } from '../../engine/identifiers.ts';
import type { WorkAnswer } from '../../plan/work-answer.ts';
import type { PackagesOrder, WorkOrder } from '../../plan/work-order.ts';
import type { Report } from '../../report/event.ts';
import type { Concurrency, Executor } from '../../schedule/executor.ts';
import { placeOrders, type WaitingOrder } from '../../schedule/placement.ts';
import { chooseMemory, countSlots, memoryLeft, type EngineRoom } from './engine-room.ts';
import type { EngineSlots, Slot } from './engine-slots.ts';
import type { HeardEngine } from './while-heard.ts';

/** An engine that carries out orders. */
export interface Workplace extends HeardEngine {
  /** Unique; empty for the site's own engine. */
  readonly name: string;
  readonly architecture: string;
  /** The room for build containers, which may change. */
  readonly room: () => EngineRoom;
  /** What the engine has of what orders need. */
  readonly has: Pick<ReadonlySet<string>, 'has'>;
  readonly executor: Executor<WorkOrder, WorkAnswer>;
  /** Whether the engine takes further orders; always if undefined. */
  readonly isOpen?: (() => boolean) | undefined;
  /** Undefined if this build alone uses the engine. */
  readonly sharing?: Sharing;
}

/** How builds share an engine. */
export interface Sharing {
  readonly slots: Pick<EngineSlots, 'take' | 'await' | 'isWanted' | 'release'>;
  /** Brings the image of an order to the engine: a slot is a container of it. */
  readonly bringImage: (order: PackagesOrder) => Promise<ImageId>;
}

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

/** The engine for an order, and a slot there that this build holds already. */
export interface Entry {
  readonly place: Workplace;
  readonly slot: Slot | undefined;
  /** The memory limit of a container of the order in bytes. */
  readonly memory: number;
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
  readonly #places: readonly [Workplace, ...Workplace[]];
  readonly #queueing: Queueing;
  readonly #ended = new AbortController();
  readonly #lost = new Set<string>();
  /** The engines whose slots other builds have, and those at which this build waits for one. */
  readonly #full = new Set<string>();
  readonly #filling = new Map<string, Promise<void>>();
  /** The memory limits in bytes of the orders that run. */
  readonly #running = new Map<string, readonly number[]>();
  /** The slots that this build holds and no order uses. */
  readonly #free = new Map<string, Slot[]>();
  /** The slots of each engine that are being released: their names are taken until then. */
  readonly #releases = new Map<string, Promise<unknown>>();
  #waiting: readonly Waiter[] = [];
  #orders = 0;

  constructor(places: readonly [Workplace, ...Workplace[]], queueing: Queueing) {
    this.#places = places;
    this.#queueing = queueing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('the build has ended'));
    await Promise.all(this.#filling.values());
    this.#releaseFree();
    await Promise.all(this.#releases.values());
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
  async withSlot<T>({ place, slot }: Entry, order: WorkOrder, work: () => Promise<T>): Promise<T | undefined> {
    const { sharing } = place;
    if (sharing === undefined || order.kind !== 'packages') return work();
    const { slots, bringImage } = sharing;
    let held = slot?.isHeld() === true ? slot : undefined;
    try {
      if (held === undefined) {
        const image = await bringImage(order);
        await this.#releases.get(place.name);
        held = await slots.take(image);
        if (held === undefined) return await this.#fill(place, sharing, image);
      }
      return await work();
    } finally {
      if (held !== undefined) await this.#giveBack(place, sharing, held);
    }
  }

  /** Waits, beside other work, for a slot of an engine whose slots other builds have. */
  async #fill({ name, room }: Workplace, { slots }: Sharing, image: ImageId): Promise<undefined> {
    this.#full.add(name);
    if (this.#filling.has(name)) return;
    const signal = AbortSignal.any([this.#ended.signal, this.#queueing.signal]);
    const filling = slots
      .await(image, signal)
      .then((slot) => this.#keep(name, slot))
      .catch(() => undefined)
      .finally(() => {
        this.#filling.delete(name);
        this.#full.delete(name);
        this.#place();
      });
    this.#filling.set(name, filling);
    const { slots: count } = room();
    const engine = name === '' ? "the site's own engine" : `the engine ${name}`;
    const message = `other builds use the ${count === 1 ? 'slot' : `${count} slots`} of ${engine}; waiting for one there`;
    await this.#queueing.report({ type: 'note', message });
  }

  /** Keeps a slot for the next order, unless another build waits for it. */
  async #giveBack({ name }: Workplace, { slots }: Sharing, slot: Slot): Promise<void> {
    try {
      if (!slot.isHeld() || (await slots.isWanted())) return await slots.release(slot);
      this.#keep(name, slot);
      this.#full.delete(name);
    } catch {
      // The engine was lost, and the slot ends by itself.
      slot.close();
    }
  }

  #keep(name: string, slot: Slot): void {
    this.#free.set(name, [...(this.#free.get(name) ?? []), slot]);
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
    this.#releaseFree();
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
    const slot = waiter.order.kind === 'packages' ? this.#free.get(name)?.pop() : undefined;
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
    return new Set([...without, ...this.#queueing.unfitFor(order), ...this.#full]);
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

  /** Releases the slots that no order takes now. */
  #releaseFree(): void {
    for (const { name, sharing } of this.#places)
      for (const slot of this.#free.get(name)?.splice(0) ?? []) {
        const release = (sharing?.slots.release(slot) ?? Promise.resolve()).catch(() => undefined);
        const all = Promise.all([this.#releases.get(name), release]);
        this.#releases.set(name, all);
        void all.then(() => this.#releases.get(name) === all && this.#releases.delete(name));
      }
  }
}
