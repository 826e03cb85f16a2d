import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { importRoot } from '../../../../src/zentoo/output/import-root.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { fakeFiles, packFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { buffer } from 'node:stream/consumers';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../../support/fake-time.ts';
import { BuildWorld, interruption } from '../../builder/build-world.ts';

afterEach(restoreTime);

const name = 'zentoo/net/musl:latest';
const root = '/usr/x86_64-pc-linux-musl';

/** Imports a root whose tar comes in two pieces, between which something happens. */
async function importInPieces(
  world: BuildWorld,
  {
    between = () => {},
    status = 0,
    sent = 1,
    shell = '/bin/sh\n',
  }: { between?: (cut: () => void) => void; status?: number; sent?: number; shell?: string } = {},
) {
  const container = await world.session();
  const tar = await buffer(packFiles(fakeFiles({ '/root/bin/sh': 'a shell', '/root/lib/': '' }), '/root'));
  world.engine.onExec = async (_container, { command }, streams) => {
    if (!command.includes('zentoo-import')) {
      expect(command.slice(-4)).toEqual(['zentoo-find-shell', root, '/bin/bash', '/bin/sh']);
      return { stdout: shell };
    }
    streams.print('stdout', tar.subarray(0, 700));
    await new Promise((resolve) => setImmediate(resolve));
    between(() => streams.cut());
    streams.print('stdout', tar.subarray(700, Math.ceil(tar.length * sent)));
    streams.print('stderr', `tar: a word\nTotal bytes written: ${tar.length} (10KiB, 1MiB/s)\nended ${status}\n`);
    return { exitCode: status };
  };
  return importRoot(container, { root, name, labels: { a: 'b' } });
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
    [
      'tar fails',
      { status: 2 },
      {
        code: 'assemble-failed',
        message: `failed to read the root ${root}: tar ended with 2`,
        logTail: ['tar: a word'],
      },
    ],
    [
      'its stream is cut',
      { between: (cut: () => void) => cut() },
      {
        code: 'engine-lost',
        message: `failed to make the image ${name}: the stream of its root was cut`,
        hint: expect.stringMatching(/^check whether a proxy .* closes connections, or whether the engine restarts$/),
      },
    ],
    ['its end is lost though tar is content', { sent: 0.8 }, { code: 'engine-lost' }],
  ])('is no image where %s', async (_what, happening, failure) => {
    using world = new BuildWorld();
    const before = world.engine.addImage(name, {});
    await expect(importInPieces(world, happening)).rejects.toMatchObject(failure);
    expect((await world.engine.inspectImage(name))?.id).toBe(before.id);
  });

  it('has no command if it has no shell', async () => {
    using world = new BuildWorld();
    const id = await importInPieces(world, { shell: '\n' });
    expect(world.engine.images.get(id)?.changes).toEqual(['LABEL a="b"']);
  });

  it('is no image where the container is lost, and the failure says so', async () => {
    using world = new BuildWorld();
    const between = () => {
      for (const container of world.engine.containers.values()) world.engine.stopContainer(container, 137);
    };
    await expect(importInPieces(world, { between })).rejects.toMatchObject({
      code: 'container-lost',
      message: expect.stringContaining('failed to make an image of the root') as string,
    });
    expect(await world.engine.inspectImage(name)).toBeUndefined();
  });

  it('is no image where the run is interrupted', async () => {
    using world = new BuildWorld();
    const between = () => world.aborter.abort(interruption);
    await expect(importInPieces(world, { between })).rejects.toBe(interruption);
    expect(await world.engine.inspectImage(name)).toBeUndefined();
  });

  it('is no image if the run is interrupted while the engine is silent after the end of the tar', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'importImage', afterEffect: true });
    const importing = importInPieces(world);
    await vi.waitUntil(() => world.engine.calls.some(({ method }) => method === 'importImage'), { timeout: 60_000 });
    world.aborter.abort(interruption);
    await expect(importing).rejects.toBe(interruption);
  });

  it("reports the engine's message if the engine refuses the import", async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'importImage', error: new EngineRefusal(500, 'no space left') });
    await expect(importInPieces(world)).rejects.toThrow('no space left');
  });

  it('is not read at all if the run was interrupted before', async () => {
    using world = new BuildWorld();
    const session = await world.session();
    const before = world.engine.calls.length;
    world.aborter.abort(interruption);
    await expect(importRoot(session, { root, name, labels: {} })).rejects.toBe(interruption);
    expect(world.engine.calls.slice(before)).toEqual([]);
  });

  it('is read no further after the engine refused the import, and nothing waits for an interruption any more', async () => {
    using world = new BuildWorld();
    const session = await world.session();
    const ended = Promise.withResolvers<void>();
    world.engine.onExec = async (_container, { command }, streams) => {
      if (!command.includes('zentoo-import')) return { stdout: '/bin/sh\n' };
      streams.print('stdout', 'the beginning of a tar');
      for await (const bytes of streams.input) streams.print('stderr', bytes);
      ended.resolve();
      return {};
    };
    const listeners = getEventListeners(session.signal, 'abort').length;
    const importImage = vi
      .spyOn(session.engine, 'importImage')
      .mockRejectedValueOnce(new EngineRefusal(500, 'no space left'));
    await expect(importRoot(session, { root, name, labels: {} })).rejects.toThrow('no space left');
    await ended.promise;
    expect(importImage.mock.calls[0]?.[0]).toMatchObject({ destroyed: true });
    await vi.waitUntil(() => getEventListeners(session.signal, 'abort').length === listeners, { timeout: 60_000 });
  });

  it('case 1.12: fails with engine-lost within seconds if the connection of its stream is half open', async () => {
    fakeTime();
    using world = new BuildWorld();
    const session = await world.session();
    world.engine.onExec = (_container, { command }, streams) => {
      if (!command.includes('zentoo-import')) return { stdout: '/bin/sh\n' };
      streams.print('stdout', 'the beginning of a tar');
      return new Promise((resolve) => streams.stopped.addEventListener('abort', () => resolve({})));
    };
    const elapsed = stopwatch();
    const importing = importRoot(session, { root, name, labels: {} });
    await expect(passTime(importing)).rejects.toMatchObject({ code: 'engine-lost' });
    expect(elapsed()).toBeLessThan(10_000);
    expect(await world.engine.inspectImage(name)).toBeUndefined();
  });

  it('goes on while the process returns keep-alive bytes, however long its tar is silent', async () => {
    fakeTime();
    using world = new BuildWorld();
    const session = await world.session();
    const tar = await buffer(packFiles(fakeFiles({ '/root/lib/': '' }), '/root'));
    world.engine.onExec = async (_container, { command }, streams) => {
      if (!command.includes('zentoo-import')) return { stdout: '/bin/sh\n' };
      let returned = 0;
      for await (const bytes of streams.input) {
        streams.print('stderr', bytes);
        if (++returned === 40) break;
      }
      streams.print('stdout', tar);
      return { stderr: `Total bytes written: ${tar.length} (10KiB, 1MiB/s)\nended 0\n` };
    };
    const elapsed = stopwatch();
    const id = await passTime(importRoot(session, { root, name, labels: {} }));
    expect(elapsed()).toBeGreaterThanOrEqual(60_000);
    expect((await world.engine.inspectImage(name))?.id).toBe(id);
  });
});
