import { finished, type Readable } from 'node:stream';
import { extract, type Extract } from 'tar-stream';

type Entry = Extract extends AsyncIterable<infer One> ? One : never;

/**
 * The entries of a tar archive from the engine. The caller reads each entry or calls its `resume`. If the caller stops early, also by
 * an error, the archive is destroyed: an answer that is not read to its end would keep its connection, and the engine its lock of
 * the container. Throws the error of the archive, also an error from before the call.
 */
export async function* entriesOf(archive: Readable): AsyncGenerator<Entry, void, undefined> {
  const entries = extract();
  // An archive that has failed before emits no error any more, and its pipe would never end.
  const ignore = finished(archive, { writable: false }, (error) => {
    if (error) entries.destroy(error);
  });
  try {
    yield* archive.pipe(entries);
  } finally {
    ignore();
    archive.on('error', () => undefined).destroy();
  }
}
