import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../../src/builder/build-image.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';
import { buildRequest, BuildWorld, nothing, packages, program } from './build-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

describe('case 2.9: a package that was asked for and is not installed', () => {
  const origin = '/etc/portage/env/all.conf';
  const inFile = `EMERGE_DEFAULT_OPTS in ${origin}: emerge`;

  it.each<[string, string, readonly string[], string]>([
    ['an option', '--jobs=2 --fetchonly', [], `remove --fetchonly from ${inFile} installs nothing with it`],
    ['a bundle', '-1o', [], `remove --onlydeps from ${inFile} installs only the dependencies of packages with it`],
    ['two words', '--autounmask-only y', [], `remove --autounmask-only from ${inFile} installs nothing with it`],
    ['--update-if-installed', '--update-if-i', [], `remove --update-if-installed from ${inFile} passes over packages`],
    ['an option of the request', '', ['--update-if-installed'], 'remove --update-if-installed from --emerge-option: '],
    ['nothing known', '--jobs 2', [], `its reason; EMERGE_DEFAULT_OPTS is "--jobs 2" (${origin})`],
    ['an option that is off', '--autounmask-only n', [], 'read the output of emerge above for its reason'],
    ['an option that is switched off', '--autounmask-only', ['--autounmask-only=n'], 'read the output of emerge above'],
    ['options that count no longer', '--pretend', ['--ignore-default-opts'], 'read the output of emerge above'],
  ])(
    'is a failure with a certain cause, %s, and no image is committed',
    async (_what, options, emergeOptions, hint) => {
      using world = new BuildWorld();
      world.portage.merged = ['dev-libs/other-1'];
      world.portage.missing = { missing: ['app-misc/hello'], options, origin };
      const request = buildRequest({ packages: packages('app-misc/hello', 'dev-libs/other'), emergeOptions });
      await expect(passTime(buildImage(request, world.context, program))).rejects.toMatchObject({
        code: 'emerge-failed',
        message: 'failed to install app-misc/hello: emerge ended without an error and did not install it',
        hint: expect.stringContaining(hint) as string,
      });
      expect(world.portage.request('lock').command.slice(-1)).toEqual(['app-misc/hello']);
      expect(world.left).toEqual(nothing);
    },
  );

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

  it.each(['--onlydeps', '-o', '-1ov'])('is meant with %s', async (option) => {
    using world = new BuildWorld();
    world.portage.merged = ['dev-libs/other-1'];
    world.portage.missing = { missing: ['app-misc/hello'], options: '', origin: null };
    const request = buildRequest({ emergeOptions: [option] });
    await expect(passTime(buildImage(request, world.context, program))).resolves.toBeDefined();
  });

  it('may be a set of which nothing is new, unless emerge installs nothing', async () => {
    using world = new BuildWorld();
    world.portage.merged = [];
    const request = buildRequest({ packages: packages('@world') });
    await expect(passTime(buildImage(request, world.context, program))).resolves.toBeDefined();
    world.portage.missing = { missing: [], options: '-pv', origin: 'the environment of the base' };
    await expect(passTime(buildImage({ ...request, rebuild: true }, world.context, program))).rejects.toMatchObject({
      message: 'failed to install @world: emerge ended without an error and did not install it',
      hint: expect.stringContaining(
        'remove --pretend from EMERGE_DEFAULT_OPTS in the environment of the base',
      ) as string,
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
