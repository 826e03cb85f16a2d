import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../../src/builder/build-image.ts';
import { registerCommitted } from '../../../src/builder/find-unchanged.ts';
import { lookInto } from '../../../src/container/look-into.ts';
import { createWorkspace } from '../../../src/container/workspace.ts';
import { writeFormatMark } from '../../../src/ownership/format-mark.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';
import { baseName, buildRequest, BuildWorld, nothing, program } from './build-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const volume = 'gentoo-images';
const refusal = {
  code: 'format-unknown',
  exitStatus: 24,
  message:
    'failed to use the registers of images and trees, the volume gentoo-images: it has the format 2, and this gentoo-builder knows formats up to 1',
  hint: 'use the gentoo-builder that wrote it, or a newer one; nothing was changed',
};

/** Migrates the volume as a newer gentoo-builder would. */
function migrate(world: BuildWorld): Promise<void> {
  const mounts = [{ type: 'volume', source: volume, target: '/mnt' }] as const;
  return lookInto(world.context, { image: baseName, mounts }, (probe) => writeFormatMark(probe, '/mnt', 2));
}

/** Registers an image as a build does that has committed one. */
async function register(world: BuildWorld): Promise<void> {
  const base = { name: 'gentoo-c0de', id: world.engine.addImage('gentoo-c0de').id };
  await registerCommitted(world.context, await createWorkspace(world.context), base, { image: baseName });
}

const build = (world: BuildWorld) => passTime(buildImage(buildRequest(), world.context, program));

describe('the registers of images and trees', () => {
  it('get the format of this program', async () => {
    using world = new BuildWorld();
    await build(world);
    expect(world.engine.volumes.get(volume)?.labels).toEqual({
      'gentoo-builder.volume': 'images',
      'gentoo-builder.format': '1',
    });
  });

  it('are used if they have no format: an older gentoo-builder wrote them', async () => {
    using world = new BuildWorld();
    world.addVolume(volume, {}, { 'gentoo-builder.volume': 'images' });
    await build(world);
    await register(world);
    const files = [...(world.engine.volumes.get(volume)?.files.keys() ?? [])];
    expect(files).toContainEqual(expect.stringMatching(/^\/trees\/[0-9a-f]{32}$/));
    expect(files).toContainEqual(expect.stringMatching(/^\/images\/gentoo-c0de%3Alatest\//));
    expect(world.messages('warning')).toEqual([]);
  });

  it('are refused before a build changes anything if a newer gentoo-builder made their volume', async () => {
    using world = new BuildWorld();
    world.addVolume(volume, {}, { 'gentoo-builder.volume': 'images', 'gentoo-builder.format': '2' });
    await expect(build(world)).rejects.toMatchObject({ all: [refusal] });
    expect(world.left).toEqual(nothing);
    expect(world.engine.volumes.get(volume)?.files.size).toBe(0);
    expect(world.calls('commitContainer')).toEqual([]);
  });

  it('are not said to be of a newer gentoo-builder if the mark of their format is damaged', async () => {
    using world = new BuildWorld();
    world.addVolume(volume, { '/format': '-> /dev/zero' }, { 'gentoo-builder.volume': 'images' });
    await expect(build(world)).rejects.toMatchObject({
      exitStatus: 24,
      message: expect.stringContaining("is damaged: it says '/dev/zero'"),
      hint: expect.stringContaining(`docker run --rm -v ${volume}:/mnt --entrypoint sh `),
    });
    expect(world.calls('commitContainer')).toEqual([]);
  });

  it.each(['docker', 'podman'] as const)(
    'are refused on %s if a newer gentoo-builder migrated them, and nothing in them changes',
    async (flavour) => {
      using world = new BuildWorld();
      world.engine.flavour = flavour;
      world.addVolume(volume, {}, { 'gentoo-builder.volume': 'images' });
      await migrate(world);
      const before = new Map(world.engine.volumes.get(volume)?.files);
      await expect(build(world)).rejects.toMatchObject(refusal);
      await register(world);
      expect(world.messages('warning')).toEqual([
        `failed to register the image gentoo-c0de in the volume gentoo-images: ${refusal.message}`,
      ]);
      expect(world.engine.volumes.get(volume)?.files).toEqual(before);
      expect(world.calls('commitContainer')).toEqual([]);
    },
  );
});
