/** The milliseconds between two pings. */
const intervalMs = 5000;
/** The milliseconds within which the engine must answer a ping. */
const pingLimitMs = 5000;
/** The number of pings in a row without an answer after which the engine is lost. */
const mostMissed = 3;

/**
 * Watches an engine on another machine while requests wait for its answer. A machine that is cut off closes no connection, and
 * the kernel reports a failed request only after a quarter of an hour. A long request, such as a commit, has no time limit.
 */
export class EnginePulse {
  readonly #ping: (signal: AbortSignal) => Promise<unknown>;
  readonly #waiting = new Set<(error: Error) => void>();
  #timer: NodeJS.Timeout | undefined;
  #missed = 0;

  constructor(ping: (signal: AbortSignal) => Promise<unknown>) {
    this.#ping = ping;
  }

  /** Awaits a request. Rejects with the code ETIMEDOUT if the engine answers no ping meanwhile. */
  async watch<T>(request: Promise<T>): Promise<T> {
    const { promise: lost, reject } = Promise.withResolvers<never>();
    this.#waiting.add(reject);
    this.#timer ??= setInterval(() => void this.#look(), intervalMs);
    // After the loss, nobody awaits the request.
    request.catch(() => undefined);
    try {
      return await Promise.race([request, lost]);
    } finally {
      this.#waiting.delete(reject);
      if (this.#waiting.size === 0) this.#rest();
    }
  }

  async #look(): Promise<void> {
    const isAnswered = await this.#ping(AbortSignal.timeout(pingLimitMs)).then(
      () => true,
      () => false,
    );
    this.#missed = isAnswered ? 0 : this.#missed + 1;
    if (this.#missed < mostMissed) return;
    const error = Object.assign(new Error('it answers no ping'), { code: 'ETIMEDOUT' });
    for (const reject of this.#waiting) reject(error);
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#missed = 0;
  }
}
