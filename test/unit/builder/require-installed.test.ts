import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../../src/builder/build-image.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';
import { buildRequest, BuildWorld, nothing, packages, program } from './build-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

describe('case 2.9: a package that was asked for and is not installed', () => {
  it.each<[string, string, string]>([
    ['with the option of EMERGE_DEFAULT_OPTS', '--jobs=2 --fetchonly', 'remove --fetchonly from EMERGE_DEFAULT_OPTS'],
    ['without such an option', '--jobs=2', 'an option in EMERGE_DEFAULT_OPTS or --emerge-option may exclude'],
  ])('is a failure, %s, and no image is committed', async (_what, options, hint) => {
    using world = new BuildWorld();
    world.portage.merged = ['dev-libs/other-1'];
    world.portage.missing = { missing: ['app-misc/hello'], options };
    const request = buildRequest({ packages: packages('app-misc/hello', 'dev-libs/other') });
    await expect(passTime(buildImage(request, world.context, program))).rejects.toMatchObject({
      code: 'emerge-failed',
      message: 'failed to install app-misc/hello: emerge ended without an error and did not install it',
      hint: expect.stringContaining(hint) as string,
    });
    expect(world.portage.request('lock').command.slice(-1)).toEqual(['app-misc/hello']);
    expect(world.left).toEqual(nothing);
  });

  it('may be installed already', async () => {
    using world = new BuildWorld();
    world.portage.merged = [];
    await expect(passTime(buildImage(buildRequest(), world.context, program))).resolves.toBeDefined();
  });

  it('is not asked about if it was merged', async () => {
    using world = new BuildWorld();
    const request = buildRequest({ packages: packages('app-misc/hello', '@world') });
    await passTime(buildImage(request, world.context, program));
    expect(world.portage.names).not.toContain('lock');
  });

  it.each(['--onlydeps', '-o', '--onlydeps=y'])('is meant with %s', async (option) => {
    using world = new BuildWorld();
    world.portage.merged = ['dev-libs/other-1'];
    world.portage.missing = { missing: ['app-misc/hello'], options: '' };
    const request = buildRequest({ emergeOptions: [option] });
    await expect(passTime(buildImage(request, world.context, program))).resolves.toBeDefined();
  });

  it('may be a set of which nothing is new, unless emerge installs nothing', async () => {
    using world = new BuildWorld();
    world.portage.merged = [];
    const request = buildRequest({ packages: packages('@world') });
    await expect(passTime(buildImage(request, world.context, program))).resolves.toBeDefined();
    world.portage.missing = { missing: [], options: '-pv' };
    await expect(passTime(buildImage({ ...request, rebuild: true }, world.context, program))).rejects.toMatchObject({
      message: 'failed to install @world: emerge ended without an error and did not install it',
      hint: expect.stringContaining('remove --pretend from EMERGE_DEFAULT_OPTS') as string,
    });
  });

  it('is only warned of if Portage does not tell', async () => {
    using world = new BuildWorld();
    world.portage.merged = [];
    world.portage.missing = undefined;
    await expect(passTime(buildImage(buildRequest(), world.context, program))).resolves.toBeDefined();
    expect(world.events).toContainEqual({
      type: 'warning',
      message: 'failed to check whether app-misc/hello is installed: Portage printed no answer',
      hint: 'look into the image before you use it',
    });
  });
});
