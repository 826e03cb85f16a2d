import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage } from '../../../src/builder/build-image.ts';
import type { BuildRequest } from '../../../src/builder/build-request.ts';
import type { ImageId } from '../../../src/engine/identifiers.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { chooseMount } from '../../../src/container/mounts.ts';
import { readTreeStamp } from '../../../src/container/tree-stamp.ts';
import { createWorkspace } from '../../../src/container/workspace.ts';
import { fakeFiles } from '../../support/fake-engine/fake-engine-files.ts';
import {
  baseName,
  buildRequest,
  BuildWorld,
  filledTree,
  newLayout,
  nothing,
  packages,
  program,
} from './build-world.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const commit = 'c'.repeat(40);
const clone = {
  ...filledTree,
  '/.git/HEAD': 'ref: refs/heads/a/b\n',
  '/.git/refs/heads/a/b': `${commit}\n`,
  '/.git/gentoo-builder-synced': '',
};

/** A world whose tree is at a commit; the fake Portage prints the stamp of that commit. */
async function open({
  tree = clone,
  base = newLayout,
}: { tree?: Record<string, string>; base?: typeof newLayout } = {}) {
  const world = new BuildWorld({ tree, base });
  await settle(world);
  return world;
}

/** Makes the programs in the containers print the real stamp of the tree. */
async function settle(world: BuildWorld): Promise<void> {
  const workspace = await createWorkspace(world.context);
  const tree = chooseMount('tree', undefined, undefined);
  const stamp = await readTreeStamp(world.context, workspace, { tree, image: baseName });
  await world.engine.removeVolume(workspace.volume);
  Object.assign(world.portage, { stamp, emergeStamp: stamp, settings: [stamp ?? '', '', world.portage.settings[2]] });
}

/** Builds as a new builder: the jobs of earlier runs are forgotten. */
function build(world: BuildWorld, parts: Partial<BuildRequest> = {}) {
  world.portage.forget();
  world.engine.calls.length = 0;
  return passTime(buildImage(buildRequest(parts), world.context, program));
}

const emerged = (world: BuildWorld) => world.portage.names.filter((name) => name === 'emerge').length;

describe('a build of the same inputs', () => {
  it('returns the existing image with the new tags after a sync that changed nothing', async () => {
    using world = await open();
    const first = await build(world);
    expect(first.unchanged).toBe(false);
    const again = await build(world, { tags: ['mine:1'] });
    expect(again).toEqual({
      image: { ...first.image, tags: ['mine:1'] },
      unchanged: true,
      packages: first.packages,
      record: expect.objectContaining({ program }) as unknown,
      recordFile: expect.stringContaining('build.json') as string,
    });
    expect(again.record.tasks[0]?.steps.map(({ step }) => step)).toEqual(['preconditions', 'start', 'sync', 'remove']);
    const why = 'in the image that was built before';
    expect(again.record.targets).toMatchObject([{ result: 'unchanged', packages: [{ origin: 'reused', why }] }]);
    expect([emerged(world), world.engine.imageNames.get('mine:1')]).toEqual([0, first.image.id]);
    expect(world.left).toEqual({ ...nothing, images: [`${first.image.name}:latest`] });
    expect(world.messages('note').at(-1)).toMatch(
      /^gentoo-[0-9a-f]{4} was built from the same base, tree, packages and/,
    );
  });

  it('starts no container if the tree is not synced', async () => {
    using world = await open();
    const first = await build(world, { sync: false });
    const again = await build(world, { sync: false, jobs: 4, timeout: 9, keepFailed: true, logDir: 'elsewhere' });
    expect(again).toMatchObject({ image: { name: first.image.name }, unchanged: true, recordFile: undefined });
    expect(world.calls('startContainer')).toEqual([]);
    expect(world.left).toEqual({ ...nothing, images: [`${first.image.name}:latest`] });
  });

  it('returns the newest of two images, with and without a sync', async () => {
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
  ])('is built again with %s', async (_, parts) => {
    using world = await open();
    world.addVolume('other-tree', clone);
    const first = await build(world);
    await vi.advanceTimersByTimeAsync(1000);
    const second = await build(world, parts);
    expect([second.unchanged, emerged(world)]).toEqual([false, 1]);
    expect(second.image.name).not.toBe(first.image.name);
    expect((await build(world, { ...parts, rebuild: false, sync: false })).image.name).toBe(second.image.name);
  });

  it('is built again if the content of make.conf differs', async () => {
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
      'the tree is at another commit',
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
  ])('is built again if %s', async (_, change) => {
    using world = await open();
    const first = await build(world);
    await change(world, first.image.name);
    expect((await build(world, { sync: false })).unchanged).toBe(false);
  });

  describe('case 1.8: an image that only has the label', () => {
    /** Adds a newer image with the labels of an image, and one layer on the base. */
    function forge(world: BuildWorld, original: string, name = 'gentoo-dead'): void {
      const { labels = {} } = world.engine.images.get(original as ImageId) ?? {};
      const below = world.ready.base.image?.layers ?? [];
      world.engine.addImage(name, { labels, layers: [...below, 'sha256:forged'], created: '2099-01-01T00:00:00Z' });
    }

    it.each([true, false])('is never returned instead of the committed one (with a sync: %s)', async (sync) => {
      using world = await open();
      const first = await build(world);
      forge(world, first.image.id);
      const again = await build(world, { sync, tags: ['mine/app:1'] });
      expect(again).toMatchObject({ unchanged: true, image: { id: first.image.id } });
      expect(world.engine.imageNames.get('mine/app:1')).toBe(first.image.id);
    });

    it('does not keep the image from being built where the committed one is gone', async () => {
      using world = await open();
      const first = await build(world);
      forge(world, first.image.id);
      await world.engine.removeImage(first.image.name);
      const again = await build(world);
      expect(again.unchanged).toBe(false);
      expect(again.image.name).not.toBe('gentoo-dead');
    });

    it('is not taken for the committed one even under its name', async () => {
      using world = await open();
      const first = await build(world);
      const { labels = {} } = world.engine.images.get(first.image.id) ?? {};
      const below = world.ready.base.image?.layers ?? [];
      world.engine.addImage(first.image.name, { labels, layers: [...below, 'sha256:forged'] });
      expect((await build(world)).unchanged).toBe(false);
    });

    it('is not taken without a register', async () => {
      using world = await open();
      const first = await build(world);
      world.engine.volumes.delete('gentoo-images');
      expect((await build(world)).unchanged).toBe(false);
      expect(first.unchanged).toBe(false);
    });

    it('is registered with a warning if the engine refuses the register, and the image is good', async () => {
      using world = await open();
      const error = new EngineRefusal(500, 'the disk is ill');
      world.onCall = (method) => {
        if (method === 'commitContainer') world.engine.fault({ method: 'createVolume', error });
      };
      const { image } = await build(world);
      expect(image.name).toMatch(/^gentoo-/);
      expect(world.messages('warning')).toEqual([
        `failed to register the image ${image.name} in the volume gentoo-images: the disk is ill`,
      ]);
      expect(world.left).toEqual({ ...nothing, images: [`${image.name}:latest`] });
    });
  });

  it('never returns an image that was built from the existing one, although it has the same label and a similar name', async () => {
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
    ['a tree whose git references are in reftables', { tree: { ...clone, '/.git/reftable/tables.list': '' } }],
    [
      'a base that syncs another repository, too',
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

  it('has the stamp of the tree during the emerge, even if another builder synced the tree before', async () => {
    using world = await open();
    world.portage.emergeStamp = 'another';
    await build(world);
    await settle(world);
    expect((await build(world)).unchanged).toBe(false);
  });
});
