import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage } from '../../../src/build/build-image.ts';
import type { BuildRequest } from '../../../src/build/build-request.ts';
import { chooseMount } from '../../../src/build/mounts.ts';
import { readTreeStamp } from '../../../src/build/tree-stamp.ts';
import { createWorkspace } from '../../../src/build/workspace.ts';
import { fakeFiles } from '../../support/fake-engine-files.ts';
import { baseName, buildRequest, BuildWorld, filledTree, newLayout, nothing, packages } from './build-world.ts';
import { fakeTime, passTime } from './fake-time.ts';

vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises);
vi.mock('node:perf_hooks', async () => (await import('./fake-time.ts')).perfHooks);

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const commit = 'c'.repeat(40);
const clone = { ...filledTree, '/.git/HEAD': 'ref: refs/heads/a/b\n', '/.git/refs/heads/a/b': `${commit}\n` };

/** An engine whose tree is at a commit that its Portage knows of. */
async function open({
  tree = clone,
  base = newLayout,
}: { tree?: Record<string, string>; base?: typeof newLayout } = {}) {
  const world = new BuildWorld({ tree, base });
  await settle(world);
  return world;
}

/** What the programs in the containers say of the tree is what it is. */
async function settle(world: BuildWorld): Promise<void> {
  const workspace = await createWorkspace(world.context);
  const tree = chooseMount('tree', undefined, undefined);
  const stamp = await readTreeStamp(world.context, workspace, { tree, image: baseName });
  await world.engine.removeVolume(workspace.volume);
  Object.assign(world.portage, { stamp, emergeStamp: stamp, settings: [stamp ?? '', '', world.portage.settings[2]] });
}

/** A builder of its own: jobs of one run are known by their names. */
function build(world: BuildWorld, parts: Partial<BuildRequest> = {}) {
  world.portage.forget();
  world.engine.calls.length = 0;
  return passTime(buildImage(buildRequest(parts), world.context));
}

const emerged = (world: BuildWorld) => world.portage.names.filter((name) => name === 'emerge').length;

describe('a build of the same', () => {
  it('is the image of before, with new names, after a sync that brought nothing', async () => {
    using world = await open();
    const first = await build(world);
    expect(first.unchanged).toBe(false);
    const again = await build(world, { tags: ['mine:1'] });
    expect(again).toEqual({
      image: { ...first.image, tags: ['mine:1'] },
      unchanged: true,
      packages: first.packages,
      durations: expect.objectContaining({ sync: expect.any(Number), remove: expect.any(Number) }) as unknown,
      log: expect.stringContaining('build.log') as string,
    });
    expect(again.durations).not.toHaveProperty('emerge');
    expect([emerged(world), world.engine.imageNames.get('mine:1')]).toEqual([0, first.image.id]);
    expect(world.left).toEqual({ ...nothing, images: [`${first.image.name}:latest`] });
    expect(world.messages('note').at(-1)).toMatch(/^gentoo-[0-9a-f]{4} was made of the same base, tree, packages and/);
  });

  it('starts no container where the tree is not synced', async () => {
    using world = await open();
    const first = await build(world, { sync: false });
    const again = await build(world, { sync: false, jobs: 4, timeout: 9, keepFailed: true, logDir: 'elsewhere' });
    expect(again).toMatchObject({ image: { name: first.image.name }, unchanged: true, log: undefined });
    expect(world.calls('startContainer')).toEqual([]);
    expect(world.left).toEqual({ ...nothing, images: [`${first.image.name}:latest`] });
  });

  it('is the same with and without a sync, and the newest of two', async () => {
    using world = await open();
    const first = await build(world);
    expect((await build(world, { sync: false })).image.name).toBe(first.image.name);
    await vi.advanceTimersByTimeAsync(5000);
    const second = await build(world, { rebuild: true });
    expect([second.unchanged, second.image.name === first.image.name]).toEqual([false, false]);
    expect((await build(world, { sync: false })).image.name).toBe(second.image.name);
    expect((await build(world)).image.name).toBe(second.image.name);
  });

  it.each<[string, Partial<BuildRequest>]>([
    ['other packages', { packages: packages('app-misc/hello', 'dev-libs/b') }],
    ['USE flags', { use: 'ssl' }],
    ['an option for emerge', { emergeOptions: ['--deep'] }],
    ['no binary packages', { binpkgs: false }],
    ['--rebuild', { rebuild: true }],
    ['another tree', { tree: 'other-tree' }],
  ])('is built with %s', async (_, parts) => {
    using world = await open();
    world.addVolume('other-tree', clone);
    const first = await build(world);
    await vi.advanceTimersByTimeAsync(1000);
    const second = await build(world, parts);
    expect([second.unchanged, emerged(world)]).toEqual([false, 1]);
    expect(second.image.name).not.toBe(first.image.name);
    expect((await build(world, { ...parts, rebuild: false, sync: false })).image.name).toBe(second.image.name);
  });

  it('is built with another make.conf, which counts by what is in it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gentoo-builder-make-conf-'));
    try {
      using world = await open();
      const [one, other] = ['one', 'other'].map((name) => join(directory, name)) as [string, string];
      for (const path of [one, other]) writeFileSync(path, 'USE="a"\n');
      await build(world, { makeConf: one });
      expect((await build(world, { makeConf: other })).unchanged).toBe(true);
      expect((await build(world)).unchanged).toBe(false);
      writeFileSync(one, 'USE="b"\n');
      expect((await build(world, { makeConf: one })).unchanged).toBe(false);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it.each<[string, (world: BuildWorld, image: string) => void | Promise<void>]>([
    [
      'the tree has moved',
      async (world) => {
        world.addVolume('gentoo-repository', { ...clone, '/.git/refs/heads/a/b': `${'d'.repeat(40)}\n` });
        await settle(world);
      },
    ],
    ['the base is another one', (world) => void world.engine.addImage(baseName, { files: fakeFiles(newLayout) })],
    ['the image was removed', (world, image) => world.engine.removeImage(image)],
    [
      'the image has lost its name',
      async (world, image) => {
        await world.engine.tagImage(image, 'kept:1');
        await world.engine.removeImage(image);
      },
    ],
  ])('is built where %s', async (_, change) => {
    using world = await open();
    const first = await build(world);
    await change(world, first.image.name);
    expect((await build(world, { sync: false })).unchanged).toBe(false);
  });

  it('is no image that was built from the one of before, though it has its label, and the look of its name', async () => {
    using world = await open();
    const first = await build(world);
    const { labels, layers } = world.engine.images.get(first.image.id) ?? { labels: {}, layers: [] };
    await world.engine.removeImage(first.image.name);
    world.engine.addImage('gentoo-c0de', { labels, layers: [...layers, 'sha256:more'] });
    world.engine.addImage('mine', { labels, layers });
    expect((await build(world)).unchanged).toBe(false);
  });

  it.each([
    ['a tree without a stamp', { tree: filledTree }],
    ['a tree whose references are in tables', { tree: { ...clone, '/.git/reftable/tables.list': '' } }],
    [
      'a base with another repository that is synced',
      {
        base: {
          ...newLayout,
          '/etc/portage/repos.conf/other.conf': '[other]\nlocation = /var/db/repos/other\nsync-type = git\n',
        },
      },
    ],
  ])('is built each time from %s', async (_, parts) => {
    using world = await open(parts);
    await build(world);
    expect((await build(world)).unchanged).toBe(false);
  });

  it('is of the tree that was emerged from, should another builder have synced it meanwhile', async () => {
    using world = await open();
    world.portage.emergeStamp = 'another';
    await build(world);
    await settle(world);
    expect((await build(world)).unchanged).toBe(false);
  });
});
