import type { Writable } from 'node:stream';

/** Standard error, or a stream in its place. `columns` and `rows` change when the terminal is resized. */
export type ReportStream = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** The destination of rendered text. */
export interface Sink {
  /** Writes a text. If the reader is slow, the returned promise settles when it has caught up. */
  write(text: string): void | Promise<void>;
  /** Settles when the reader has taken everything. */
  flush(): Promise<void>;
}

/**
 * Writes to a stream whose reader may be slow or go away. Node writes a pipe asynchronously and keeps the rest in memory, so
 * a writer has to wait. A reader that is gone (EPIPE) is no error: nothing more is written, and the run continues.
 */
export function openSink(stream: Writable): Sink {
  let gone = false;
  let settleWaiting: (() => void) | undefined;
  let waiting: Promise<void> | undefined;

  function settle(): void {
    settleWaiting?.();
    settleWaiting = undefined;
    waiting = undefined;
  }
  function abandon(): void {
    gone = true;
    settle();
  }
  stream.on('drain', settle).on('error', abandon).on('close', abandon);

  return {
    write(text) {
      if (gone || text === '' || stream.write(text)) return;
      waiting ??= new Promise((resolve) => {
        settleWaiting = resolve;
      });
      return waiting;
    },
    async flush() {
      if (gone) return;
      await new Promise<void>((resolve) => {
        stream.once('close', resolve);
        stream.write('', () => {
          stream.off('close', resolve);
          resolve();
        });
      });
    },
  };
}
