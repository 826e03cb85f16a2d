import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage, planBuild } from '../../../src/build/build-image.ts';
import { buildRequest, BuildWorld, nothing } from './build-world.ts';
import { fakeTime, passTime } from './fake-time.ts';

vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises);
vi.mock('node:perf_hooks', async () => (await import('./fake-time.ts')).perfHooks);

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const GiB = 1024 ** 3;
const unknown =
  "packages are built on a volume and not in memory, as the free memory of the engine's machine cannot be seen from here; --tmpfs SIZE builds in memory all the same";

/** What a build of this kind is made of. */
async function build(world: BuildWorld, request: Parameters<typeof buildRequest>[0]) {
  await passTime(buildImage(buildRequest(request), world.context));
  const [volume, spec] = (world.calls('createContainer').at(-1) ?? []) as [string, { mounts: readonly unknown[] }];
  const { command } = world.portage.request('emerge');
  return { volume, mounts: spec.mounts, options: command.filter((word) => word.includes('tmpdir')) };
}

describe('a build on a tmpfs', () => {
  it("has Portage's directory on it, the run's own in the work volume, and Portage's limit adapted", async () => {
    using world = new BuildWorld();
    world.portage.settings = [...world.portage.settings, 'yes'];
    const { mounts, volume, options } = await build(world, { tmpfs: 8 * GiB });
    expect(mounts.slice(0, 2)).toEqual([
      { type: 'tmpfs', source: `size=${8 * GiB},mode=0755`, target: '/var/tmp/portage' },
      { type: 'volume', source: volume, target: '/var/tmp/portage/.gentoo-builder' },
    ]);
    expect(options).toEqual(['--jobs-tmpdir-require-free-gb=2']);
    expect(world.messages('note').filter((text) => text.includes('memory'))).toEqual([]);
    expect(world.left).toEqual({ ...nothing, images: [expect.any(String)] });
  });

  it('does not tell an emerge of the limit that does not know it', async () => {
    using world = new BuildWorld();
    expect(await build(world, { tmpfs: 8 * GiB })).toMatchObject({ options: [] });
  });

  it('is one on the volume, with a note, where nobody knows how much memory there is', async () => {
    using world = new BuildWorld();
    world.portage.settings = [...world.portage.settings, 'yes'];
    world.engine.engineInfo = { ...world.engine.engineInfo, memory: 12_345 };
    const { mounts, volume, options } = await build(world, { tmpfs: 'auto' });
    expect(mounts[0]).toEqual({ type: 'volume', source: volume, target: '/var/tmp/portage' });
    expect(options).toEqual([]);
    expect(world.messages('note')).toContain(unknown);
  });

  it('is one on the volume without a word where that is asked for', async () => {
    using world = new BuildWorld();
    const { mounts } = await build(world, { tmpfs: 'off' });
    expect(mounts[0]).toMatchObject({ type: 'volume', target: '/var/tmp/portage' });
    expect(world.messages('note').join()).not.toContain('memory');
  });

  const fillUp = (world: BuildWorld) => {
    const { emerge } = world.portage;
    let runs = 0;
    world.portage.emerge = (run) => {
      if (runs++ > 0) return emerge(run);
      run.print('>>> Emerging (1 of 1) app-misc/hello-2.10::gentoo\n');
      run.print('/var/tmp/portage/app-misc/hello-2.10/work/a.o: No space left on device\n');
      return 1;
    };
  };

  it('is left for the volume where it has no room for a package', async () => {
    using world = new BuildWorld();
    fillUp(world);
    await passTime(buildImage(buildRequest({ tmpfs: 24 * 1024 ** 2 }), world.context));
    expect(world.messages('warning').join()).toMatch(/on a tmpfs of 24 MiB .*; it is built on a volume now/);
    expect(world.left.images).toHaveLength(1);
  });

  it('explains a full tmpfs where all would have to be compiled again', async () => {
    using world = new BuildWorld();
    fillUp(world);
    const request = buildRequest({ tmpfs: 24 * 1024 ** 2, binpkgs: false });
    await expect(passTime(buildImage(request, world.context))).rejects.toMatchObject({
      code: 'tmpfs-full',
      message: expect.stringContaining('packages are built on a tmpfs of 24 MiB at /var/tmp/portage') as string,
      hint: expect.stringContaining('--tmpfs off') as string,
    });
    expect(world.left).toEqual(nothing);
  });

  it('is in the list of what would be done, and there is no note besides', async () => {
    using world = new BuildWorld();
    world.engine.engineInfo = { ...world.engine.engineInfo, memory: 12_345 };
    const plan = (parts: Parameters<typeof buildRequest>[0]) =>
      passTime(planBuild(buildRequest({ dryRun: true, ...parts }), world.context));
    expect(await plan({ tmpfs: 2 * GiB })).toContain(
      '  a tmpfs of 2 GiB at /var/tmp/portage, where packages are built',
    );
    expect(await plan({ tmpfs: 'auto' })).toContain(
      `  a volume of its own at /var/tmp/portage (${unknown}), where packages are built`,
    );
    expect(world.messages('note')).toEqual([]);
  });
});
