import type { Sink } from './sink.ts';

/** A batch of this many characters is written at once. */
const largestBatch = 16_384;

/**
 * Joins the texts of one turn of the event loop into one write, so that a log costs one write per chunk and not one per
 * line. If the process exits first, the batch is written at the exit.
 */
export function batchWrites(sink: Sink): Sink {
  let batch = '';
  let taken: void | Promise<void>;
  let sendsAtOnce = false;

  function send(): void {
    if (batch === '') return;
    taken = sink.write(batch);
    batch = '';
  }
  function exit(): void {
    sendsAtOnce = true;
    send();
  }
  // oxlint-disable-next-line no-restricted-properties -- not a signal: the last lines before an exit matter most
  process.once('exit', exit);

  return {
    write(text) {
      if (batch === '') process.nextTick(send);
      batch += text;
      if (sendsAtOnce || batch.length >= largestBatch) send();
      return taken;
    },
    flush() {
      process.off('exit', exit);
      exit();
      return sink.flush();
    },
  };
}
