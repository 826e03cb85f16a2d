import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage, planBuild } from '../../../src/builder/build-image.ts';
import { buildRequest, BuildWorld, nothing, program } from './build-world.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const GiB = 1024 ** 3;
const unknown =
  "packages are built on a volume, not in memory, because the free memory of the engine's machine is unknown; to build in memory anyway, use --tmpfs SIZE";

/** The world, the mounts and the command of a build with these options. */
async function build(world: BuildWorld, request: Parameters<typeof buildRequest>[0]) {
  await passTime(buildImage(buildRequest(request), world.context, program));
  const created = world.calls('createContainer').filter(([name]) => !String(name).includes('-probe-'));
  const [volume, spec] = (created.at(-1) ?? []) as [string, { mounts: readonly unknown[] }];
  const { command } = world.portage.request('emerge');
  return { volume, mounts: spec.mounts, options: command.filter((word) => word.includes('tmpdir')) };
}

describe('a build with --tmpfs', () => {
  it("puts PORTAGE_TMPDIR on the tmpfs and its own files on the work volume, and sets emerge's limit of free space", async () => {
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

  it('does not pass the limit of free space to an emerge without that option', async () => {
    using world = new BuildWorld();
    expect(await build(world, { tmpfs: 8 * GiB })).toMatchObject({ options: [] });
  });

  it('builds on the volume and reports a note if the free memory is unknown', async () => {
    using world = new BuildWorld();
    world.portage.settings = [...world.portage.settings, 'yes'];
    world.engine.engineInfo = { ...world.engine.engineInfo, memory: 12_345 };
    const { mounts, volume, options } = await build(world, { tmpfs: 'auto' });
    expect(mounts[0]).toEqual({ type: 'volume', source: volume, target: '/var/tmp/portage' });
    expect(options).toEqual([]);
    expect(world.messages('note')).toContain(unknown);
  });

  it('builds on the volume without a note if the user asks for that', async () => {
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

  it('builds a package on the volume if the tmpfs has no room for it', async () => {
    using world = new BuildWorld();
    fillUp(world);
    await passTime(buildImage(buildRequest({ tmpfs: 24 * 1024 ** 2 }), world.context, program));
    expect(world.messages('warning').join()).toMatch(/on a tmpfs of 24 MiB .*; building it on a volume instead/);
    expect(world.left.images).toHaveLength(1);
  });

  it('fails as tmpfs-full if all packages would have to be compiled again', async () => {
    using world = new BuildWorld();
    fillUp(world);
    const request = buildRequest({ tmpfs: 24 * 1024 ** 2, binpkgs: false });
    await expect(passTime(buildImage(request, world.context, program))).rejects.toMatchObject({
      code: 'tmpfs-full',
      message: expect.stringContaining('packages are built on a tmpfs of 24 MiB at /var/tmp/portage') as string,
      hint: expect.stringContaining('--tmpfs off') as string,
    });
    expect(world.left).toEqual(nothing);
  });

  it('is described in a dry run, without a separate note', async () => {
    using world = new BuildWorld();
    world.engine.engineInfo = { ...world.engine.engineInfo, memory: 12_345 };
    const plan = (parts: Parameters<typeof buildRequest>[0]) =>
      passTime(planBuild(buildRequest({ dryRun: true, ...parts }), world.context));
    expect(await plan({ tmpfs: 2 * GiB })).toContain(
      '  a tmpfs of 2 GiB at /var/tmp/portage, where packages are built',
    );
    expect(await plan({ tmpfs: 'auto' })).toContain(
      `  a new work volume at /var/tmp/portage (${unknown}), where packages are built`,
    );
    expect(world.messages('note')).toEqual([]);
  });
});
