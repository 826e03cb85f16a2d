import type { ImageId } from '../../engine/identifiers.ts';
import type { WorkOrder } from '../../plan/work-order.ts';
import type { Report } from '../../report/event.ts';
import type { Entry, Sharing, Workplace } from './workplace.ts';
import type { Slot } from './engine-slots.ts';

/** The parts of a build that its slots need. */
export interface Holding {
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Called when an engine has a slot for this build that it had not. */
  readonly onSlot: () => void;
}

/** The slots that a build holds on the engines that it shares with other builds. */
export class HeldSlots implements AsyncDisposable {
  readonly #holding: Holding;
  readonly #ended = new AbortController();
  /** The engines whose slots other builds have, and those at which this build waits for one. */
  readonly #full = new Set<string>();
  readonly #filling = new Map<string, Promise<void>>();
  /** The slots that no order uses, with their engines. */
  readonly #free = new Map<string, { readonly sharing: Sharing; readonly slots: Slot[] }>();
  /** The slots of each engine that are being released: their names are taken until then. */
  readonly #releases = new Map<string, Promise<unknown>>();

  constructor(holding: Holding) {
    this.#holding = holding;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('the build has ended'));
    await Promise.all(this.#filling.values());
    this.releaseFree();
    await Promise.all(this.#releases.values());
  }

  /** The engines whose slots other builds have. */
  get full(): ReadonlySet<string> {
    return this.#full;
  }

  /** Takes a slot of an engine that this build holds and no order uses. */
  takeFree(name: string): Slot | undefined {
    return this.#free.get(name)?.slots.pop();
  }

  /** Does the work of an order in a slot of its engine; undefined if other builds have all slots. */
  async with<T>({ place, slot }: Entry, order: WorkOrder, work: () => Promise<T>): Promise<T | undefined> {
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

  /** Releases the slots that no order takes now. */
  releaseFree(): void {
    for (const [name, { sharing, slots }] of this.#free)
      for (const slot of slots.splice(0)) {
        const release = sharing.slots.release(slot).catch(() => undefined);
        const all = Promise.all([this.#releases.get(name), release]);
        this.#releases.set(name, all);
        void all.then(() => this.#releases.get(name) === all && this.#releases.delete(name));
      }
  }

  /** Waits, beside other work, for a slot of an engine whose slots other builds have. */
  async #fill({ name, room }: Workplace, sharing: Sharing, image: ImageId): Promise<undefined> {
    this.#full.add(name);
    if (this.#filling.has(name)) return;
    const filling = sharing.slots
      .await(image, AbortSignal.any([this.#ended.signal, this.#holding.signal]))
      .then((slot) => this.#keep(name, sharing, slot))
      .catch(() => undefined)
      .finally(() => {
        this.#filling.delete(name);
        this.#full.delete(name);
        this.#holding.onSlot();
      });
    this.#filling.set(name, filling);
    const { slots: count } = room();
    const engine = name === '' ? "the site's own engine" : `the engine ${name}`;
    const message = `other builds use the ${count === 1 ? 'slot' : `${count} slots`} of ${engine}; waiting for one there`;
    await this.#holding.report({ type: 'note', message });
  }

  /** Keeps a slot for the next order, unless another build waits for it. */
  async #giveBack({ name }: Workplace, sharing: Sharing, slot: Slot): Promise<void> {
    try {
      if (!slot.isHeld() || (await sharing.slots.isWanted())) return await sharing.slots.release(slot);
      this.#keep(name, sharing, slot);
      this.#full.delete(name);
    } catch {
      // The engine was lost, and the slot ends by itself.
      slot.close();
    }
  }

  #keep(name: string, sharing: Sharing, slot: Slot): void {
    this.#free.set(name, { sharing, slots: [...(this.#free.get(name)?.slots ?? []), slot] });
  }
}
