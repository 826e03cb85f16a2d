import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookInto } from '../../../../src/container/look-into.ts';
import { Failure } from '../../../../src/failure.ts';
import { writeFormatMark } from '../../../../src/ownership/format-mark.ts';
import { readState } from '../../../../src/zentoo/run/read-state.ts';
import { listSiteImages } from '../../../../src/zentoo/run/site-images.ts';
import { statePlace } from '../../../../src/zentoo/run/site-state.ts';
import { baseName } from '../../builder/build-world.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { siteOf } from '../../plan/sites.ts';
import { SiteWorld } from '../site-world.ts';

const state = 'zentoo-net-state';
const fingerprint = '0123456789abcdef'.repeat(4);
const tuple = { 'zentoo.site': 'net', 'zentoo.tuple': 'one', 'zentoo.fingerprint': fingerprint };
const buildmaster = { 'zentoo.site': 'net', 'zentoo.fingerprint': fingerprint };

/** A pipe as the mark of a format. */
const pipe = new Map([
  ['/format', { kind: 'other', data: Buffer.alloc(0), linkTarget: '', modified: new Date(0) } as const],
]);

/** A world whose state volume has the labels that zentoo 0.1.0 wrote, or others. */
function worldWith(labels: Readonly<Record<string, string>> = { 'zentoo.directory': '/srv/net' }): SiteWorld {
  const world = new SiteWorld();
  world.engine.volumes.delete(state);
  world.addVolume(state, {}, labels);
  return world;
}

/** Reads the state. Returns the names of the images that zentoo committed. */
async function read(world: SiteWorld, access: 'read' | 'write' = 'write'): Promise<readonly string[]> {
  const mounts = [{ type: 'volume', source: state, target: statePlace }] as const;
  const { engine, report } = world.context;
  const images = await listSiteImages(world.engine, siteOf());
  const found = await lookInto(world.context, { image: baseName, mounts }, (probe) =>
    readState(probe, { engine, report, site: 'net', volume: state, image: baseName, images, access }),
  );
  return [...found.keys()].toSorted();
}

describe('the state of zentoo 0.1.0', () => {
  it.each(['docker', 'podman'] as const)(
    'has no register: on %s, images are recognised by name and labels, once',
    async (flavour) => {
      using world = worldWith();
      world.engine.flavour = flavour;
      const own = ['zentoo/net/buildmaster:x86-64-base-01234567', 'zentoo/net/one:latest'] as const;
      world.engine.addImage(own[0], { labels: buildmaster });
      world.engine.addImage(own[1], { labels: tuple });
      // Images that somebody built from an image of the site inherit the labels.
      for (const name of ['zentoo/net/two:latest', 'zentoo/net/one:old', 'mine:latest'])
        world.engine.addImage(name, { labels: tuple });
      for (const name of ['zentoo/net/buildmaster:x86-64-base-00000000', 'zentoo/net/distcc:01234567'])
        world.engine.addImage(name, { labels: buildmaster });
      expect(await read(world, 'read')).toEqual(own);
      expect(world.messages('note')).toEqual([]);
      expect(await read(world)).toEqual(own);
      expect(world.messages('note')).toEqual([
        `took over the images that zentoo 0.1.0 made for the site net: ${own.join(', ')}`,
      ]);
      world.engine.addImage('zentoo/net/three:latest', { labels: { ...tuple, 'zentoo.tuple': 'three' } });
      expect(await read(world)).toEqual(own);
    },
  );
});

describe('the state of this zentoo', () => {
  it('recognises no image by its labels', async () => {
    using world = worldWith({ 'zentoo.site': 'net', 'zentoo.format': '2' });
    world.engine.addImage('zentoo/net/one:latest', { labels: tuple });
    expect(await read(world, 'read')).toEqual([]);
    expect(await read(world)).toEqual([]);
  });

  it.each([
    ['label', 'docker'],
    ['mark', 'docker'],
    ['mark', 'podman'],
  ] as const)(
    'is refused if a newer zentoo wrote its format as a %s on %s, and nothing changes',
    async (kind, flavour) => {
      using world = worldWith(kind === 'label' ? { 'zentoo.format': '3' } : {});
      world.engine.flavour = flavour;
      if (kind === 'mark') {
        const mounts = [{ type: 'volume', source: state, target: statePlace }] as const;
        await lookInto(world.context, { image: baseName, mounts }, (probe) => writeFormatMark(probe, statePlace, 3));
      }
      const before = new Map(world.engine.volumes.get(state)?.files);
      await expect(read(world)).rejects.toMatchObject({
        code: 'format-unknown',
        message: `failed to use the state of the site, the volume ${state}: it has the format 3, and this zentoo knows formats up to 2`,
        hint: 'use the zentoo that wrote it, or a newer one; nothing was changed',
      });
      expect(new Map(world.engine.volumes.get(state)?.files)).toEqual(before);
    },
  );

  it.each([
    ['a directory', { '/format/': '', '/format/x': '' }, 'it is neither a link nor a file'],
    ['a pipe', pipe, 'it is neither a link nor a file'],
    ['a link to a device', { '/format': '-> /dev/zero' }, "it says '/dev/zero'"],
    ['a link to another name', { '/format': '-> format-two' }, "it says 'format-two'"],
    ['a number too long', { '/format': '-> format-1234567' }, "it says 'format-1234567'"],
    ['an empty file', { '/format': '' }, "it says ''"],
    ['a file without a number', { '/format': 'two' }, "it says 'two'"],
    ['a long file', { '/format': '3'.repeat(17) }, 'it has 17 bytes'],
  ])('is not said to be of a newer zentoo if its mark is damaged: %s', async (_, files, why) => {
    using world = worldWith();
    world.addVolume(state, files instanceof Map ? {} : files, { 'zentoo.format': '2' });
    const volume = world.engine.volumes.get(state);
    if (files instanceof Map) for (const [path, file] of files) volume?.files.set(path, file);
    const before = new Map(volume?.files);
    await expect(read(world)).rejects.toMatchObject({
      code: 'format-unknown',
      message: `failed to use the state of the site, the volume ${state}: its mark of the format, the file format in it, is damaged: ${why}, and not the number of a format`,
      hint: expect.stringContaining(`docker run --rm -v ${state}:/mnt --entrypoint sh ${baseName} -c 'cd /mnt && `),
    });
    expect(new Map(volume?.files)).toEqual(before);
  });

  it('has its mark again after the command that the hint names', async () => {
    using world = worldWith();
    world.addVolume(state, { '/format': 'two' });
    const refused: unknown = await read(world).catch((error: unknown) => error);
    const hint = refused instanceof Failure ? (refused.hint ?? '') : '';
    const script = / -c '(.*)'$/.exec(hint)?.[1] ?? '';
    using place = temporaryDirectory();
    const run = () => execFileSync('sh', ['-c', script.replace('cd /mnt', `cd '${place.path}'`)]);
    mkdirSync(join(place.path, 'format', 'x'), { recursive: true });
    run();
    expect(readdirSync(place.path)).toEqual([]);
    for (const name of ['format-2', 'format-10', 'format']) writeFileSync(join(place.path, name), '');
    run();
    expect(readlinkSync(join(place.path, 'format'))).toBe('format-10');
  });

  it('is not said to be of a newer zentoo if the number in its label is none', async () => {
    using world = worldWith({ 'zentoo.format': 'two' });
    const message = `failed to use the state of the site, the volume ${state}: its format is 'two', which is no number`;
    await expect(read(world)).rejects.toMatchObject({ code: 'format-unknown', message });
  });

  it('is refused if a newer zentoo made an image of the site', async () => {
    using world = worldWith();
    world.engine.addImage('zentoo/net/one:latest', { labels: { ...tuple, 'zentoo.format': '3' } });
    await expect(read(world)).rejects.toMatchObject({ code: 'format-unknown' });
  });
});
