import type { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookInto } from '../../../src/container/look-into.ts';
import type { Probe } from '../../../src/container/probe.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure } from '../../../src/failure.ts';
import { baseName, BuildWorld, nothing } from '../builder/build-world.ts';

let world: BuildWorld;
beforeEach(() => {
  world = new BuildWorld();
  world.addVolume('v', {
    '/b': 'second',
    '/a': 'first',
    '/sub/c': 'third',
  });
  world.addVolume('empty');
  world.addVolume('new', { '/lost+found/': '' });
});
afterEach(() => world[Symbol.dispose]());

function look<T>(volume: string, work: (probe: Probe) => Promise<T>): Promise<T> {
  const mounts = [{ type: 'volume', source: volume, target: '/mnt' }] as const;
  return lookInto(world.context, { image: baseName, mounts }, work);
}

describe('a look into a volume', () => {
  it('reads all texts below a directory, sorted by their paths', async () => {
    expect([...(await look('v', (probe) => probe.readTexts('/mnt')))]).toEqual([
      ['a', 'first'],
      ['b', 'second'],
      ['sub/c', 'third'],
    ]);
    expect(await look('v', (probe) => probe.readTexts('/mnt/none'))).toEqual(new Map());
  });

  it('reads one file; a directory and a missing file have no text', async () => {
    const texts = await look('v', async (probe) => [
      await probe.readText('/mnt/sub/c'),
      await probe.readBytes('/mnt/a'),
      await probe.readText('/mnt/sub'),
      await probe.readText('/mnt/none'),
      await probe.readBytes('/mnt/none'),
    ]);
    expect(texts).toEqual(['third', Buffer.from('first'), undefined, undefined, undefined]);
  });

  it('tells whether a path exists, and its kind', async () => {
    const found = await look('v', async (probe) => [
      await probe.exists('/mnt/a'),
      await probe.exists('/mnt/none'),
      (await probe.stat('/mnt/a')) !== undefined,
      await probe.stat('/mnt/none'),
    ]);
    expect(found).toEqual([true, false, true, undefined]);
  });

  it('case 3.8: refuses a file of 700 MB, and closes the stream whose rest nobody reads', async () => {
    const size = 700 * 1024 ** 2;
    const archives: Readable[] = [];
    world.engine.readArchive = async () => {
      const archive = pack();
      // The content never comes.
      archive.entry({ name: 'package.use/disk.img', size }).on('error', () => undefined);
      archives.push(archive as unknown as Readable);
      return archives.at(-1);
    };
    const refused = {
      code: 'base-unusable',
      message: `failed to read /etc/portage/package.use/disk.img: it has ${size} bytes, and at most 67108864 are read`,
    };
    await expect(look('v', (probe) => probe.readTexts('/etc/portage', 'base-unusable'))).rejects.toMatchObject(refused);
    await expect(look('v', (probe) => probe.readText('/mnt/Packages'))).rejects.toMatchObject({
      code: 'mount-unusable',
    });
    expect(archives.map((archive) => archive.destroyed)).toEqual([true, true]);
  });

  it('lists everything with its type, size and time, sorted', async () => {
    const lines = await look('v', (probe) => probe.listFiles('/mnt'));
    expect(lines).toEqual(lines.toSorted());
    expect(lines.map((line) => (JSON.parse(line) as unknown[]).slice(1))).toContainEqual(['file', 6, 0]);
    expect(await look('v', (probe) => probe.listFiles('/mnt/none'))).toEqual([]);
  });

  it.each([
    ['v', false],
    ['empty', true],
    ['new', true],
  ])('tells whether %s is empty: %s', async (volume, isEmpty) => {
    expect(await look(volume, (probe) => probe.isEmpty('/mnt'))).toBe(isEmpty);
    expect(await look(volume, (probe) => probe.isEmpty('/mnt/none'))).toBe(true);
  });

  it('writes texts, bytes and links, with the directories that are missing', async () => {
    await look('empty', async (probe) => {
      await probe.writeText('/mnt', 'x/y/text', 'hello');
      await probe.writeBytes('/mnt', 'bytes', Buffer.from([0, 1]));
      await probe.writeLink('/mnt', 'link', 'bytes');
    });
    const files = world.engine.volumes.get('empty')?.files;
    expect(files?.get('/x/y/text')?.data.toString()).toBe('hello');
    expect([files?.get('/x')?.kind, files?.get('/x/y')?.kind]).toEqual(['directory', 'directory']);
    expect(files?.get('/bytes')?.data).toEqual(Buffer.from([0, 1]));
    expect(files?.get('/link')).toMatchObject({ linkTarget: 'bytes' });
  });

  it('starts no container, and leaves neither container nor work volume, even if it fails', async () => {
    await look('v', (probe) => probe.exists('/mnt/a'));
    await expect(look('v', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(world.calls('startContainer')).toEqual([]);
    expect(world.left).toEqual(nothing);
  });

  it('mounts its work volume, so that the next run finds it if this program dies', async () => {
    await look('v', (probe) => probe.exists('/mnt/a'));
    const work = String(world.calls('createVolume')[0]?.[0]);
    expect(world.calls('createContainer')[0]).toMatchObject([
      expect.stringMatching(new RegExp(`^${work}-probe-\\d+$`)),
      { image: baseName, mounts: [{ type: 'volume', source: work, target: '/var/tmp/portage' }, { source: 'v' }] },
    ]);
  });

  it.each([
    [new EngineRefusal(500, 'ill'), { code: 'engine-refused', message: 'failed to build: the engine says: ill' }],
    [new Failure('engine-lost', 'lost'), { code: 'engine-lost', message: 'lost' }],
  ])('fails if the engine cannot read: %o', async (error, failure) => {
    world.engine.fault({ method: 'readArchive', error });
    await expect(look('v', (probe) => probe.readText('/mnt/a'))).rejects.toMatchObject(failure);
    expect(world.left).toEqual(nothing);
  });
});
