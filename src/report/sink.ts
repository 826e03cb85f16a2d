import type { Writable } from 'node:stream';

/** Standard error, or what stands for it. Columns and rows change when the terminal is resized. */
export type ReportStream = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** Where rendered text goes. */
export interface Sink {
  /** Writes; answers with a promise where the reader is slow, which settles when it has caught up. */
  write(text: string): void | Promise<void>;
  /** Settles when all that was written has been taken. */
  flush(): Promise<void>;
}

/**
 * Writes to a stream that may be slow or go away. A pipe is written asynchronously by Node: what is not taken stays in
 * memory, which is why writers wait. A reader that is gone (EPIPE) is not an error: nothing is written any more, and
 * the run goes on for the sake of its result.
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
