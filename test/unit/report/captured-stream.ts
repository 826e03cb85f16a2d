import { Writable } from 'node:stream';

/** Standard error on a pipe: keeps the written text. If it is slow, it takes more text only when `read` is called. */
export class CapturedStream extends Writable {
  text = '';
  #patient: boolean;
  #waiting: (() => void) | undefined;

  constructor({ waitForReader = false, highWaterMark = 1 << 20 } = {}) {
    super({ decodeStrings: false, highWaterMark });
    this.#patient = waitForReader;
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  read(): void {
    this.#patient = false;
    this.#waiting?.();
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk;
    if (this.#patient) this.#waiting = done;
    else done();
  }
}
