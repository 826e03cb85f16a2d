/** Keeps the last lines of a text of any length, the oldest first. */
export class LastLines {
  readonly #capacity: number;
  readonly #lines: string[] = [];
  #next = 0;

  /** Keeps at most `capacity` lines. */
  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
  }

  push(line: string): void {
    this.#lines[this.#next] = line;
    this.#next = (this.#next + 1) % this.#capacity;
  }

  /** Returns the kept lines as a new array. */
  toArray(): string[] {
    return this.#lines.length < this.#capacity
      ? [...this.#lines]
      : [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
  }
}
