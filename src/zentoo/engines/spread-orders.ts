import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkAnswer } from '../../plan/work-answer.ts';
import type { WorkOrder } from '../../plan/work-order.ts';
import { choosesNative } from '../../portage/cpu-features.ts';
import type { Concurrency, Executor } from '../../schedule/executor.ts';
import type { Site, Tuple } from '../../site/site.ts';
import { awaitReturn, readyMs } from './await-return.ts';
import { describeOrder, lostOften, meaningOf, messageOf } from './order-failures.ts';
import { OrderQueue, type Queueing } from './order-queue.ts';
import type { Entry, Workplace } from './workplace.ts';
import { settleWithin } from './settle-within.ts';
import { silenceMs, whileHeard, type RemoteWork } from './while-heard.ts';

/** The parts of a build that the placement needs. */
export interface Spreading extends Pick<Queueing, 'report' | 'signal' | 'needs'> {
  readonly site: Pick<Site, 'tuples'>;
}

/** Carries out orders on several engines. */
export interface SpreadExecutor extends Executor<WorkOrder, WorkAnswer>, AsyncDisposable {
  /** Whether the engine with a name was lost, and is not back. */
  isLost(name: string): boolean;
  /** Looks again which waiting orders an engine takes, after a change of `Workplace.isOpen` or `Workplace.room`. */
  lookAgain(): void;
  /** Gives orders to a further engine from now on. */
  add(place: Workplace): void;
}

/** The milliseconds for the clean-up after lost orders; the next build removes what is left. */
const cleanUpMs = 15_000;
/** The number of engines that may be lost with one order. */
const attempts = 3;

/**
 * Carries out orders on several engines: packages on any, everything else on the first one, the site's own. If an engine is lost,
 * its orders are carried out elsewhere 20 s after its last sign of life, and it gets orders again when it has answered for 30 s. An
 * order that three engines were lost with fails with `node-lost`. A package that the store refuses is compiled on another engine, and one
 * that ran out of memory once more with a larger memory limit. A package that fails by itself is not tried elsewhere. The disposal waits for the clean-up after lost orders; then the executor asks no engine any more.
 */
export function spreadOrders(places: readonly [Workplace, ...Workplace[]], spreading: Spreading): SpreadExecutor {
  return new Spread(places, spreading);
}

/** What became of an order so far. */
interface Tries {
  /** The engines that do not get it again. */
  readonly without: Set<string>;
  readonly lostWith: string[];
  /** The memory limit in bytes with which it ran out of memory. */
  above: number | undefined;
  error: unknown;
}

class Spread implements SpreadExecutor {
  readonly #places: Workplace[];
  readonly #home: Workplace;
  readonly #spreading: Spreading;
  readonly #queue: OrderQueue;
  /** The engines that were lost; the controllers end the wait for their return. */
  readonly #lost = new Map<string, AbortController>();
  /** The engines whose machines cannot run the code of a CPU, by its name. */
  readonly #unfit = new Map<string, Set<string>>();
  /** What is left to clean up on lost engines. */
  readonly #abandoned: Promise<unknown>[] = [];

  constructor(places: readonly [Workplace, ...Workplace[]], spreading: Spreading) {
    this.#places = [...places];
    [this.#home] = places;
    this.#spreading = spreading;
    this.#queue = new OrderQueue(places, {
      ...spreading,
      goesAnywhere: (order) => goesAnywhere(order, spreading.site),
      unfitFor: (order) => this.#unfit.get(this.#cpuOf(order)) ?? [],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const waiting of this.#lost.values()) waiting.abort();
    await settleWithin(cleanUpMs, [this.#queue[Symbol.asyncDispose](), ...this.#abandoned]);
  }

  isLost(name: string): boolean {
    return this.#lost.has(name);
  }

  lookAgain(): void {
    this.#queue.lookAgain();
  }

  add(place: Workplace): void {
    this.#places.push(place);
    this.#queue.add(place);
  }

  async execute(order: WorkOrder, given: Concurrency): Promise<WorkAnswer> {
    const history: Tries = { without: new Set(), lostWith: [], above: undefined, error: undefined };
    for (;;) {
      const { without, above } = history;
      const { priority = 0, concurrency, atWork } = given;
      const entry = await this.#queue.await(order, {
        priority,
        concurrency,
        without,
        above,
        ...(atWork && { atWork }),
      });
      // No engine that could carry it out is left.
      if (entry === undefined) throw history.error;
      let rest = 0;
      try {
        const answer = await this.#carryOut(order, entry, given);
        if (answer !== undefined) return answer;
      } catch (error) {
        if (this.#spreading.signal.aborted) throw error;
        history.error = error;
        rest = await this.#afterFailure(order, entry, history);
      } finally {
        given.atWork?.(false);
        this.#queue.leave(entry);
      }
      const { signal } = this.#spreading;
      if (rest > 0) await delay(rest, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** Returns the milliseconds after which an order is tried elsewhere; throws its error if it is not. */
  async #afterFailure(order: WorkOrder, { place, memory }: Entry, history: Tries): Promise<number> {
    const { error, without, lostWith } = history;
    const [meaning, what] = [meaningOf(error), describeOrder(order)];
    if (meaning === 'memory' && history.above === undefined && this.#chooseLarger(order, memory, without)) {
      history.above = memory;
      await this.#warn(`${messageOf(error)}; ${what} is compiled once more with a larger memory limit`);
      return 0;
    }
    if (place === this.#home || meaning === undefined || meaning === 'memory') throw error;
    without.add(place.name);
    if (meaning === 'cpu') await this.#leaveOut(order, place, error);
    if (meaning === 'unfit') await this.#warn(`${place.name} does not compile ${what}: ${messageOf(error)}`);
    if (meaning === 'refused')
      await this.#warn(
        `${place.name} made another package than ${what}, which is compiled elsewhere: ${messageOf(error)}`,
      );
    if (meaning !== 'lost') return 0;
    lostWith.push(place.name);
    const rest = Math.max(0, place.engine.lastHeard() + silenceMs - performance.now());
    await this.#lose(place, { order, error, rest });
    if (lostWith.length === attempts) throw lostOften(order, lostWith, error);
    return rest;
  }

  /** Gives an engine no further orders of a CPU whose code its machine cannot run. */
  async #leaveOut(order: WorkOrder, { name }: Workplace, error: unknown): Promise<void> {
    const cpu = this.#cpuOf(order);
    const unfit = this.#unfit.get(cpu) ?? new Set<string>();
    this.#unfit.set(cpu, unfit);
    // Orders that began there at the same time fail as well.
    if (unfit.has(name)) return;
    unfit.add(name);
    await this.#warn(`the engine ${name} compiles nothing for the cpu ${cpu}: ${messageOf(error)}`);
  }

  #cpuOf(order: WorkOrder): string {
    const tuple = order.kind === 'packages' ? order.tuple : '';
    return this.#spreading.site.tuples.find(({ name }) => name === tuple)?.cpu.name ?? '';
  }

  /** Leaves an order only engines where its container can have a larger memory limit; false if there are none. */
  #chooseLarger(order: WorkOrder, limit: number, without: Set<string>): boolean {
    const isLarger = ({ name, room, isOpen }: Workplace) => {
      const { fixed, memory, slots } = room();
      const isThere = slots > 0 && isOpen?.() !== false && !without.has(name) && !this.isLost(name);
      return isThere && fixed === undefined && memory > limit;
    };
    const mayGo = (place: Workplace) => place === this.#home || goesAnywhere(order, this.#spreading.site);
    const larger = this.#places.filter((place) => mayGo(place) && isLarger(place));
    for (const place of this.#places) if (larger.length > 0 && !larger.includes(place)) without.add(place.name);
    return larger.length > 0;
  }

  /** Carries out an order on its engine; undefined if other builds have all slots of the engine. */
  #carryOut(order: WorkOrder, entry: Entry, given: Concurrency): Promise<WorkAnswer | undefined> {
    const { place, memory } = entry;
    const concurrency = Math.max(1, Math.min(place.room().slots, this.#queue.demandOf(place)));
    const work = (remote?: RemoteWork) =>
      this.#queue.withSlot(entry, order, () =>
        place.executor.execute(order, { ...given, concurrency, memory, ...remote }),
      );
    // Nothing else can carry out the orders of the site's own engine.
    return place === this.#home ? work() : whileHeard(place, work, (rest) => void this.#abandoned.push(rest));
  }

  async #lose(
    place: Workplace,
    { order, error, rest }: { readonly order: WorkOrder; readonly error: unknown; readonly rest: number },
  ): Promise<void> {
    const { name } = place;
    this.#queue.lose(place);
    void this.#awaitReturn(place);
    await this.#warn(
      `the engine ${name} was lost with ${describeOrder(order)}, which is compiled elsewhere ${rest === 0 ? 'now' : `in ${Math.ceil(rest / 1000)} s`}: ${messageOf(error)}`,
      `this build uses it again after it has answered for ${readyMs / 1000} s; the next build removes what is left there`,
    );
  }

  /** Gives an engine orders again when it is back. If it is lost once more meanwhile, its time counts from then. */
  async #awaitReturn(place: Workplace): Promise<void> {
    const { name, engine } = place;
    this.#lost.get(name)?.abort();
    const waiting = new AbortController();
    this.#lost.set(name, waiting);
    try {
      await awaitReturn(engine, AbortSignal.any([waiting.signal, this.#spreading.signal]));
    } catch {
      return;
    }
    this.#lost.delete(name);
    await this.#spreading.report({ type: 'note', message: `the engine ${name} is back, and gets packages again` });
    this.#queue.bringBack(place);
  }

  #warn(message: string, hint?: string): void | Promise<void> {
    return this.#spreading.report({ type: 'warning', message, ...(hint === undefined ? {} : { hint }) });
  }
}

/**
 * Whether another engine may carry out an order: the compilation of packages for `/` of a container, for a CPU that is the same on
 * every machine, and without the hook `compile`, which may change what is compiled and from which sources.
 */
function goesAnywhere(order: WorkOrder, { tuples }: Pick<Site, 'tuples'>): boolean {
  if (order.kind !== 'packages') return false;
  const tuple = tuples.find(({ name }) => name === order.tuple);
  return tuple !== undefined && !tuple.cross && !choosesNative(tuple.cpu.cflags) && !hasHook(tuple);
}

function hasHook({ buildhooks }: Tuple): boolean {
  return buildhooks.entries.some(({ path }) => path === 'compile');
}
