import { setImmediate as turn } from 'node:timers/promises';

/** A clock that stands still as long as anything can go on, and then jumps to what is waited for next. */
export class VirtualTime {
  /** Milliseconds. */
  now = 0;
  readonly #waiting: { readonly at: number; readonly wake: () => void }[] = [];

  /** Settles when so much time has passed. */
  pass(milliseconds: number): Promise<void> {
    return new Promise((wake) => void this.#waiting.push({ at: this.now + milliseconds, wake }));
  }

  /** Lets time pass until the work has settled. */
  async run<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => void (ended = true);
    work.then(end, end);
    await turn();
    while (!ended) {
      this.#waiting.sort((a, b) => a.at - b.at);
      const next = this.#waiting.shift();
      if (next === undefined) throw new Error('the work waits for something that never comes');
      this.now = next.at;
      next.wake();
      await turn();
    }
    return work;
  }
}
