import type { Sink } from './sink.ts';

/** Characters that are worth a write of their own. */
const enough = 16_384;

/**
 * A sink that writes what comes within one turn of the event loop at once: a log of many lines costs as many writes as
 * it has chunks. What is still waiting when the process exits is written then.
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
  // oxlint-disable-next-line no-restricted-properties -- no signal: what was said last is the most important
  process.once('exit', exit);

  return {
    write(text) {
      if (batch === '') process.nextTick(send);
      batch += text;
      if (sendsAtOnce || batch.length >= enough) send();
      return taken;
    },
    flush() {
      process.off('exit', exit);
      exit();
      return sink.flush();
    },
  };
}
