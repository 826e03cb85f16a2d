import type { ImageId } from '../../engine/identifiers.ts';
import type { WorkAnswer } from '../../plan/work-answer.ts';
import type { PackagesOrder, WorkOrder } from '../../plan/work-order.ts';
import type { Report } from '../../report/event.ts';
import type { Concurrency, Executor } from '../../schedule/executor.ts';
import { placeOrders, type WaitingOrder } from '../../schedule/placement.ts';
import type { EngineSlots, Slot } from './engine-slots.ts';
import type { HeardEngine } from './while-heard.ts';

/** An engine that carries out orders. */
export interface Workplace extends HeardEngine {
  /** Unique; empty for the site's own engine. */
  readonly name: string;
  readonly architecture: string;
  /** The memory of the machine in bytes. */
  readonly memory: number;
  /** The number of containers at the same time. */
  readonly slots: number;
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
}

/** The engine for an order, and a slot there that this build holds already. */
export interface Entry {
  readonly place: Workplace;
  readonly slot: Slot | undefined;
}

interface Waiter extends WaitingOrder {
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
  readonly #running = new Map<string, number>();
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
   *
   * @param without the names of the engines that do not get the order
   */
  async await(
    order: WorkOrder,
    { priority = 0, atWork }: Pick<Concurrency, 'priority' | 'atWork'>,
    without: ReadonlySet<string>,
  ): Promise<Entry | undefined> {
    const { signal, goesAnywhere, needs } = this.#queueing;
    const [home] = this.#places;
    const { promise, resolve, reject } = Promise.withResolvers<Entry | undefined>();
    const waiter = {
      ...{ id: `${++this.#orders}`, order, architecture: home.architecture, priority, without, needs: needs(order) },
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
    return (this.#running.get(name) ?? 0) + waiting.length;
  }

  /** Looks which waiting orders an engine takes, after a change of `Workplace.isOpen`. */
  lookAgain(): void {
    this.#place();
  }

  leave({ name }: Workplace): void {
    this.#running.set(name, (this.#running.get(name) ?? 0) - 1);
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
  async #fill({ name, slots: count }: Workplace, { slots }: Sharing, image: ImageId): Promise<undefined> {
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
    const places = this.#places.map((place) => ({
      ...place,
      isReady: !this.#lost.has(place.name) && place.isOpen?.() !== false,
      running: this.#running.get(place.name) ?? 0,
    }));
    const waiting = this.#waiting.map((waiter) =>
      waiter.order.kind === 'packages' ? { ...waiter, without: new Set([...waiter.without, ...this.#full]) } : waiter,
    );
    for (const { id, place: name } of placeOrders(waiting, places)) {
      const waiter = this.#waiting.find((one) => one.id === id);
      const place = this.#places.find((one) => one.name === name);
      if (waiter === undefined || place === undefined) continue;
      this.#waiting = this.#waiting.filter((one) => one !== waiter);
      this.#running.set(name, (this.#running.get(name) ?? 0) + 1);
      waiter.begin({ place, slot: waiter.order.kind === 'packages' ? this.#free.get(name)?.pop() : undefined });
    }
    this.#releaseFree();
    this.#giveUpHopeless();
  }

  #giveUpHopeless(): void {
    const isHopeless = ({ without }: Waiter) =>
      this.#places.every(({ name }) => without.has(name) || this.#lost.has(name));
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
