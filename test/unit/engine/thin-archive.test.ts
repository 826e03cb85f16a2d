import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { entriesOf } from '../../../src/engine/archive-entries.ts';
import { withoutLayers } from '../../../src/engine/thin-archive.ts';

/** The two lowest layers of an image, and the names that Docker 20.10.24 gave to their directories. */
const layers = [
  'sha256:5c43354da391c333d172f82f2c7a62b203d4a61ed1eebff73ae36088fc9bc886',
  'sha256:496b125a22700c0242e8ffce18fcf3217b842bc8f1d1ab4beb5f19f20ddea9cd',
  `sha256:${'0'.repeat(64)}`,
] as const;
const [first, second, third] = [
  '02f11321258c8b2e17e0b2dab9228b22c087ccd1ddb2414a90f6172a48c9779a',
  '577ea98fc9e4d217fd61e03c5ad011e4760515978f1c56e77997de96a266e747',
  'f'.repeat(64),
] as const;

const configuration =
  '{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":null,"Cmd":null,"Image":"","Volumes":null,"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":null}';

/** The file `json` of a layer as Docker 20.10.24 wrote it. */
function describeLayer(id: string, parent?: string): string {
  const below = parent === undefined ? '' : `"parent":"${parent}",`;
  return `{"id":"${id}",${below}"created":"1970-01-01T00:00:00Z","container_config":${configuration},"os":"linux"}`;
}

/** The files of an archive of Docker before 25. */
const former: Readonly<Record<string, string>> = {
  [`${first}/json`]: describeLayer(first),
  [`${first}/layer.tar`]: 'the first layer',
  [`${second}/json`]: describeLayer(second, first),
  [`${second}/layer.tar`]: 'the second layer',
  [`${third}/json`]: describeLayer(third, second),
  [`${third}/layer.tar`]: 'the third layer',
  'manifest.json': '[]',
};
/** Those since Docker 25. */
const present: Readonly<Record<string, string>> = {
  ...Object.fromEntries(layers.map((layer, index) => [`blobs/sha256/${layer.slice(7)}`, `the layer ${index}`])),
  'index.json': '{}',
};

function archiveOf(files: Readonly<Record<string, string>>): Readable {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  return Readable.from(archive);
}

async function filesIn(archive: Readable): Promise<Readonly<Record<string, string>>> {
  const found: [string, string][] = [];
  for await (const entry of entriesOf(archive)) found.push([entry.header.name, await text(entry)]);
  return Object.fromEntries(found);
}

function without(files: Readonly<Record<string, string>>, missing: readonly string[]) {
  return Object.fromEntries(Object.entries(files).filter(([name]) => !missing.includes(name)));
}

describe('an archive of an image without the layers that an engine has', () => {
  it.each([
    [1, [first]],
    [2, [first, second]],
    // Nothing proves which layer the third one is.
    [3, [first, second]],
  ])('lacks the first %i of Docker before 25, as far as they are known', async (count, missing) => {
    const left = await filesIn(withoutLayers(archiveOf(former), layers, count));
    const gone = missing.map((name) => `${name}/layer.tar`);
    expect(left).toEqual(without(former, gone));
  });

  it.each([1, 2, 3])('lacks the first %i of Docker since 25', async (count) => {
    const left = await filesIn(withoutLayers(archiveOf(present), layers, count));
    expect(left).toEqual(without(present, Object.keys(present).slice(0, count)));
  });

  it.each(['no JSON', '[]', 'null', '{"id":1}'])('has a layer that %s describes', async (json) => {
    const files = { 'a/json': json, 'a/layer.tar': 'a layer' };
    expect(await filesIn(withoutLayers(archiveOf(files), layers, 3))).toEqual(files);
  });

  it('fails with the error of the archive', async () => {
    const broken = new Readable({ read: () => undefined });
    const thin = withoutLayers(broken, layers, 1);
    broken.destroy(new Error('cut'));
    await expect(filesIn(thin)).rejects.toThrow('cut');
  });

  it('closes the archive when nobody reads on', async () => {
    const whole = archiveOf({ a: 'x'.repeat(1_000_000), b: 'y' });
    const thin = withoutLayers(whole, layers, 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    whole.once('close', resolve);
    thin.once('data', () => thin.destroy());
    await promise;
  });
});
