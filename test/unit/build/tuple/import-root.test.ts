import { describe, expect, it } from 'vitest';
import { importRoot } from '../../../../src/build/tuple/import-root.ts';
import { EngineRefusal } from '../../../../src/engine/engine.ts';
import { fakeFiles, packFiles } from '../../../support/fake-engine-files.ts';
import { buffer } from 'node:stream/consumers';
import { BuildWorld, interruption } from '../build-world.ts';

const name = 'zentoo/net/musl:latest';
const root = '/usr/x86_64-pc-linux-musl';

/** Imports a root whose tar comes in two pieces, between which something happens. */
async function importInPieces(
  world: BuildWorld,
  {
    between = () => {},
    status = 0,
    sent = 1,
  }: { between?: (cut: () => void) => void; status?: number; sent?: number } = {},
) {
  const container = await world.buildContainer();
  const tar = await buffer(packFiles(fakeFiles({ '/root/bin/sh': 'a shell', '/root/lib/': '' }), '/root'));
  world.engine.onExec = async (_container, { command }, streams) => {
    if (!command.includes('tar') && !command.some((word) => word.includes('exec tar'))) return { stdout: '/bin/sh\n' };
    streams.print('stdout', tar.subarray(0, 700));
    await new Promise((resolve) => setImmediate(resolve));
    between(() => streams.cut());
    streams.print('stdout', tar.subarray(700, Math.ceil(tar.length * sent)));
    streams.print('stderr', `tar: a word\nTotal bytes written: ${tar.length} (10KiB, 1MiB/s)\n`);
    return { exitCode: status };
  };
  return importRoot(world.context, container, { root, name, labels: { a: 'b' } });
}

describe('a root that is imported', () => {
  it('is an image of one layer with a shell when all of it has arrived', async () => {
    using world = new BuildWorld();
    const id = await importInPieces(world);
    expect(world.engine.images.get(id)).toMatchObject({
      labels: { a: 'b' },
      changes: ['CMD ["/bin/sh"]', 'LABEL a="b"'],
    });
    expect((await world.engine.inspectImage(name))?.id).toBe(id);
  });

  it.each([
    ['tar fails', { status: 2 }, { code: 'assemble-failed', logTail: expect.arrayContaining(['tar: a word']) }],
    ['its stream is cut', { between: (cut: () => void) => cut() }, { code: 'engine-lost' }],
    ['its end is lost though tar is content', { sent: 0.8 }, { code: 'engine-lost' }],
  ])('is no image where %s', async (_what, happening, failure) => {
    using world = new BuildWorld();
    const before = world.engine.addImage(name, {});
    await expect(importInPieces(world, happening)).rejects.toMatchObject(failure);
    expect((await world.engine.inspectImage(name))?.id).toBe(before.id);
  });

  it('is no image where the run is interrupted', async () => {
    using world = new BuildWorld();
    const between = () => world.aborter.abort(interruption);
    await expect(importInPieces(world, { between })).rejects.toBe(interruption);
    expect(await world.engine.inspectImage(name)).toBeUndefined();
  });

  it('says what the engine says where that refuses it', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'importImage', error: new EngineRefusal(500, 'no space left') });
    await expect(importInPieces(world)).rejects.toThrow('no space left');
  });
});
