import type { EngineChoice } from '../engines/engine-choice.ts';
import { openEngines, type FurtherEngine } from '../engines/open-engines.ts';
import type { Workplace } from '../engines/workplace.ts';
import { settleWithin } from '../engines/settle-within.ts';
import { spreadOrders, type SpreadExecutor } from '../engines/spread-orders.ts';
import { Newcomers } from '../swarm/newcomers.ts';
import type { Proxies } from '../swarm/open-proxies.ts';
import type { StoreServer } from '../../serve/use-store-server.ts';
import { furtherPlace, needsOf, type Making } from './workplaces.ts';

/** The milliseconds in which engines must have removed the copies of packages and sources. */
const closingMs = 60_000;

/** The engines of a build, whose number and room may change. Their disposal ends the use of the further ones. */
export class Workforce implements AsyncDisposable {
  readonly executor: SpreadExecutor;
  readonly #making: Making;
  readonly #places: [Workplace, ...Workplace[]];
  readonly #further: FurtherEngine[];
  readonly #joining = new Set<Promise<void>>();
  #hasEnded = false;

  constructor(home: Workplace, further: readonly FurtherEngine[], making: Making) {
    const { run } = making;
    this.#making = making;
    this.#further = [...further];
    this.#places = [home, ...further.map((one) => furtherPlace(making, one))];
    this.executor = spreadOrders(this.#places, { ...run, needs: (order) => needsOf(run, order) });
  }

  get places(): readonly Workplace[] {
    return this.#places;
  }

  /** The number of containers at the same time on all engines. */
  get slots(): number {
    return this.#places.reduce((sum, { room }) => sum + room().slots, 0);
  }

  /** Follows the changes of a swarm: the room of its nodes, and nodes that join the build, which use the `server` of the store. */
  follow(proxies: Proxies, server: StoreServer | undefined): void {
    const newcomers = new Newcomers(proxies, this.#making.run);
    const look = () => {
      this.executor.lookAgain();
      this.#await(this.#joinAll(newcomers, server));
    };
    proxies.directory.onChange = look;
    look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hasEnded = true;
    await this.executor[Symbol.asyncDispose]();
    await settleWithin(closingMs, [...this.#joining]);
    await settleWithin(
      closingMs,
      this.#further.map((engine) => this.#close(engine)),
    );
  }

  /** Removes what the build has on an engine. An engine that does not answer keeps it for the next build. */
  async #close(engine: FurtherEngine): Promise<void> {
    const { signal } = new AbortController();
    if (this.executor.isLost(engine.name) && !(await engine.run.engine.isAnswering(signal))) return;
    await engine[Symbol.asyncDispose]();
  }

  #await(joining: Promise<void>): void {
    const done = joining.catch(() => undefined).finally(() => this.#joining.delete(done));
    this.#joining.add(done);
  }

  async #joinAll(newcomers: Newcomers, server: StoreServer | undefined): Promise<void> {
    const found = await newcomers.find();
    await Promise.all(found.map((choice) => this.#join({ ...choice, server })));
  }

  /** Takes an engine into the build. One that cannot be used is left out, and named. */
  async #join(choice: EngineChoice): Promise<void> {
    const { run } = this.#making;
    const { name } = choice;
    if (this.#hasEnded) return;
    try {
      const opened = await openEngines(run, [choice]);
      this.#further.push(...opened);
      const places = opened.map((one) => furtherPlace(this.#making, one));
      if (this.#hasEnded) return;
      for (const place of places) {
        this.#places.push(place);
        this.executor.add(place);
      }
      await run.report({ type: 'note', message: `the node ${name} takes part in this build from now on` });
      this.executor.lookAgain();
    } catch (error) {
      if (run.signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      await run.report({ type: 'warning', message: `the node ${name} does not take part in this build: ${why}` });
    }
  }
}
