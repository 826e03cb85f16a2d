import { setTimeout as delay } from 'node:timers/promises';
import { Failure, failuresOf } from '../../failure.ts';
import type { WorkAnswer } from '../../plan/work-answer.ts';
import type { WorkOrder } from '../../plan/work-order.ts';
import type { Report } from '../../report/event.ts';
import type { Concurrency, Executor } from '../../schedule/executor.ts';
import { placeOrders, type WaitingOrder } from '../../schedule/placement.ts';
import type { Site, Tuple } from '../../site/site.ts';

/** An engine that carries out orders. */
export interface Workplace {
  /** Unique; empty for the site's own engine. */
  readonly name: string;
  readonly architecture: string;
  /** The number of containers at the same time. */
  readonly slots: number;
  /** What the engine has of what orders need. */
  readonly has: Pick<ReadonlySet<string>, 'has'>;
  readonly executor: Executor<WorkOrder, WorkAnswer>;
}

/** The parts of a build that the placement needs. */
export interface Spreading {
  readonly site: Pick<Site, 'tuples'>;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** What an order needs on its engine, as far as it is known: see `Workplace.has`. */
  readonly needs: (order: WorkOrder) => readonly string[];
}

/** The number of engines that may be lost with one order. */
const attempts = 3;
/** Longer than an engine that lost its client lets a container run, so that an order does not run twice at once. */
const restMs = 20_000;

/**
 * Carries out orders on several engines: packages on any, everything else on the first one, the site's own. If an engine is lost,
 * it gets no further order, and after 20 s its orders are carried out elsewhere; an order that three engines were lost with
 * fails with `node-lost`. A package that fails by itself is not tried elsewhere.
 */
export function spreadOrders(
  places: readonly [Workplace, ...Workplace[]],
  spreading: Spreading,
): Executor<WorkOrder, WorkAnswer> {
  return new Spread(places, spreading);
}

interface Waiter extends WaitingOrder {
  readonly begin: (place: Workplace) => void;
}

class Spread implements Executor<WorkOrder, WorkAnswer> {
  readonly #places: readonly [Workplace, ...Workplace[]];
  readonly #spreading: Spreading;
  readonly #lost = new Set<string>();
  readonly #running = new Map<string, number>();
  #waiting: readonly Waiter[] = [];
  #orders = 0;

  constructor(places: readonly [Workplace, ...Workplace[]], spreading: Spreading) {
    this.#places = places;
    this.#spreading = spreading;
  }

  async execute(order: WorkOrder, given: Concurrency): Promise<WorkAnswer> {
    const without = new Set<string>();
    const lostWith: string[] = [];
    for (;;) {
      const place = await this.#await(order, given, without);
      try {
        return await place.executor.execute(order, {
          ...given,
          concurrency: Math.min(place.slots, given.concurrency),
        });
      } catch (error) {
        if (place === this.#places[0] || this.#spreading.signal.aborted) throw error;
        without.add(place.name);
        if (isUnfit(error)) {
          await this.#warn(`${place.name} does not compile ${describe(order)}: ${messageOf(error)}`);
          continue;
        }
        if (!isLost(error)) throw error;
        lostWith.push(place.name);
        await this.#lose(place, order, error);
        if (lostWith.length === attempts) throw lostOften(order, lostWith, error);
      } finally {
        this.#running.set(place.name, (this.#running.get(place.name) ?? 0) - 1);
        this.#place();
      }
      await delay(restMs, undefined, { signal: this.#spreading.signal });
    }
  }

  /** Waits for a slot, which the caller gives back. */
  async #await(order: WorkOrder, { priority = 0 }: Concurrency, without: ReadonlySet<string>): Promise<Workplace> {
    const { signal, site, needs } = this.#spreading;
    const [home] = this.#places;
    const { promise, resolve, reject } = Promise.withResolvers<Workplace>();
    const waiter = {
      ...{ id: `${++this.#orders}`, architecture: home.architecture, priority, without, needs: needs(order) },
      only: goesAnywhere(order, site) ? undefined : home.name,
      begin: resolve,
    };
    const leave = () => {
      this.#waiting = this.#waiting.filter((one) => one !== waiter);
      reject(signal.reason);
    };
    this.#waiting = [...this.#waiting, waiter];
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    this.#place();
    return promise.finally(() => signal.removeEventListener('abort', leave));
  }

  #place(): void {
    const places = this.#places.map((place) => ({
      ...place,
      isReady: !this.#lost.has(place.name),
      running: this.#running.get(place.name) ?? 0,
    }));
    for (const { id, place: name } of placeOrders(this.#waiting, places)) {
      const waiter = this.#waiting.find((one) => one.id === id);
      const place = this.#places.find((one) => one.name === name);
      if (waiter === undefined || place === undefined) continue;
      this.#waiting = this.#waiting.filter((one) => one !== waiter);
      this.#running.set(name, (this.#running.get(name) ?? 0) + 1);
      waiter.begin(place);
    }
  }

  async #lose({ name }: Workplace, order: WorkOrder, error: unknown): Promise<void> {
    this.#lost.add(name);
    await this.#warn(
      `the engine ${name} was lost with ${describe(order)}, which is compiled elsewhere in ${restMs / 1000} s: ${messageOf(error)}`,
      'this build does not use it again; the next build does, and removes what is left there',
    );
  }

  #warn(message: string, hint?: string): void | Promise<void> {
    return this.#spreading.report({ type: 'warning', message, ...(hint === undefined ? {} : { hint }) });
  }
}

/**
 * Whether another engine may carry out an order: the compilation of packages for `/` of a container, without the hook `compile`,
 * which may change what is compiled and from which sources.
 */
function goesAnywhere(order: WorkOrder, { tuples }: Pick<Site, 'tuples'>): boolean {
  if (order.kind !== 'packages') return false;
  const tuple = tuples.find(({ name }) => name === order.tuple);
  return tuple !== undefined && !tuple.cross && !hasHook(tuple);
}

function hasHook({ buildhooks }: Tuple): boolean {
  return buildhooks.entries.some(({ path }) => path === 'compile');
}

/** Whether the engine, or a container of it, went away. */
function isLost(error: unknown): boolean {
  const codes: readonly string[] = ['engine-lost', 'engine-unreachable', 'container-lost'];
  return failuresOf(error).some(({ code }) => codes.includes(code));
}

/** Whether the engine cannot run the code or the image of an order. */
function isUnfit(error: unknown): boolean {
  return failuresOf(error).some(({ code }) => code === 'cpu-unusable' || code === 'node-unfit');
}

function lostOften(order: WorkOrder, engines: readonly string[], cause: unknown): Failure {
  const message = `failed to compile ${describe(order)}: ${engines.length} engines were lost with it: ${engines.join(', ')}`;
  return new Failure('node-lost', message, {
    hint: 'the package may take too much memory for them: look at their kernel logs, or build without further engines',
    cause,
  });
}

function describe(order: WorkOrder): string {
  return order.kind === 'packages' ? order.packages.map(({ cpv }) => cpv).join(', ') : order.kind;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
