import type { Engine } from '../../../src/engine/engine.ts';

/** A method of the engine, for naming it in a fault. */
export type EngineMethod = Exclude<keyof Engine, 'address' | 'flavour' | 'lastHeard'>;

/** One call that reached the engine. */
export interface EngineCall {
  readonly method: EngineMethod;
  readonly args: readonly unknown[];
}

/** A fault that calls of a method get instead of an answer. */
export interface Fault {
  readonly method: EngineMethod;
  /** The number of the call, from 1, counted from the moment when the fault is set; every call if undefined. */
  readonly nth?: number;
  /** The error to throw. Without it, the call settles only when its signal is aborted or the engine ends. */
  readonly error?: Error;
  /** Whether the call takes effect first, as if only its answer was lost. */
  readonly afterEffect?: boolean;
  /** Milliseconds to wait before a normal answer; replaces `error`. */
  readonly delay?: number;
}

/** The log of calls, and the faults that are due. */
export class FakeEngineFaults {
  readonly calls: EngineCall[] = [];
  readonly #faults: { fault: Fault; seen: number }[] = [];
  readonly #disposed = new AbortController();

  /** Makes calls fail, hang or wait from now on. */
  add(fault: Fault): void {
    this.#faults.push({ fault, seen: 0 });
  }

  /** Makes every hanging call fail. */
  dispose(): void {
    this.#disposed.abort(new Error('the fake engine was disposed of'));
  }

  /** Carries out one call with the fault that is set for it. */
  async run<T>(method: EngineMethod, args: readonly unknown[], effect: () => T | Promise<T>): Promise<T> {
    this.calls.push({ method, args });
    const signal = args.find((arg) => arg instanceof AbortSignal);
    signal?.throwIfAborted();
    const fault = this.#due(method);
    // A real engine never answers within the caller's own turn.
    await Promise.resolve();
    if (fault === undefined) return await effect();
    if (fault.delay === undefined && fault.afterEffect !== true) return await this.#fail(fault, signal);
    if (fault.delay !== undefined) await this.#pause(fault.delay, signal);
    const result = await effect();
    return fault.afterEffect === true ? await this.#fail(fault, signal) : result;
  }

  #due(method: EngineMethod): Fault | undefined {
    let due: Fault | undefined;
    for (const entry of this.#faults) {
      if (entry.fault.method !== method) continue;
      entry.seen += 1;
      if (entry.fault.nth === undefined || entry.fault.nth === entry.seen) due ??= entry.fault;
    }
    return due;
  }

  async #fail(fault: Fault, signal: AbortSignal | undefined): Promise<never> {
    if (fault.error !== undefined) throw fault.error;
    await this.#pause(undefined, signal);
    throw new Error('unreachable');
  }

  async #pause(milliseconds: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    const signals = signal === undefined ? [this.#disposed.signal] : [this.#disposed.signal, signal];
    const interrupted = AbortSignal.any(signals);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
    const onAbort = (): void => reject(interrupted.reason as Error);
    interrupted.addEventListener('abort', onAbort, { once: true });
    if (interrupted.aborted) onAbort();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      interrupted.removeEventListener('abort', onAbort);
    }
  }
}
