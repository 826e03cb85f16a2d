import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack, type Header, type Pack } from 'tar-stream';
import * as v from 'valibot';
import { parseJson } from '../parse-json.ts';
import { entriesOf } from './archive-entries.ts';

/**
 * Leaves out of an archive of `Images.saveImage` the contents of layers that the engine has to which it goes: the first `present` ones of
 * the image's `layers`. An engine does not read a layer that it has. A layer that is not recognised stays. If `archive` fails,
 * the result fails with its error.
 */
export function withoutLayers(archive: Readable, layers: readonly string[], present: number): Readable {
  const thin = pack();
  copyOthers(archive, thin, layers.slice(0, present)).catch((error: unknown) =>
    thin.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return Readable.from(thin);
}

async function copyOthers(archive: Readable, thin: Pack, present: readonly string[]): Promise<void> {
  // `once` throws the error with which the archive was destroyed.
  const broken = once(thin, 'close').then(() => Promise.reject(new Error('nobody reads the archive any more')));
  broken.catch(() => undefined);
  const put = async (header: Header, content: AsyncIterable<unknown>) => {
    const sink = thin.entry(header);
    for await (const chunk of content) if (!sink.write(chunk)) await Promise.race([once(sink, 'drain'), broken]);
    sink.end(Buffer.alloc(0));
  };
  const chains = chainIds(present);
  const known = new Set(present.map((id) => `blobs/sha256/${id.replace('sha256:', '')}`));
  for await (const entry of entriesOf(archive)) {
    const { header } = entry;
    const { name } = header;
    if (posix.basename(name) === 'json') {
      const text = await buffer(entry);
      if (describesOneOf(chains, text.toString())) known.add(posix.join(posix.dirname(name), 'layer.tar'));
      await put(header, Readable.from([text]));
    } else if (known.has(name)) entry.resume();
    else await put(header, entry);
  }
  thin.finalize();
}

/** The id of each layer with those below it (OCI Image Specification, "Layer ChainID"). */
function chainIds(layers: readonly string[]): readonly string[] {
  const chains: string[] = [];
  for (const layer of layers) {
    const below = chains.at(-1);
    chains.push(below === undefined ? layer : digest(`${below} ${layer}`));
  }
  return chains;
}

/**
 * Whether a file `json` of an archive describes one of the layers. Docker before 25 names the directory of a layer by the digest of this
 * description, of the layer's chain id and of the directory of the layer below (`CreateID` in Docker's image/v1).
 */
function describesOneOf(chains: readonly string[], text: string): boolean {
  const { id, parent, os, ...rest } = parseJson(v.record(v.string(), v.unknown()), text) ?? {};
  if (typeof id !== 'string') return false;
  const below = typeof parent === 'string' ? { parent: `sha256:${parent}` } : {};
  // Docker adds the operating system later.
  return chains.some((chain) =>
    [rest, { ...rest, os }].some(
      (each) => digest(sortedJson({ ...each, ...below, layer_id: chain })) === `sha256:${id}`,
    ),
  );
}

function sortedJson(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

function digest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
