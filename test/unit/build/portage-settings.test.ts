import { describe, expect, it } from 'vitest';
import { readPortageSettings, type PortageSettings } from '../../../src/build/portage-settings.ts';
import { BuildWorld } from './build-world.ts';

async function settingsOf(...fields: readonly string[]): Promise<PortageSettings> {
  using world = new BuildWorld();
  world.portage.settings = ['1234 5', ...fields];
  return await readPortageSettings(world.context, await world.buildContainer());
}

const profile = '../../var/db/repos/gentoo/profiles/default/linux';
const variables = "CHOST='x86_64-pc-linux-gnu'\nCFLAGS='-O2'\n";

describe("Portage's settings", () => {
  it.each([
    ['yes', true],
    ['', false],
  ])('say whether there is a status stream: %j', async (field, observable) => {
    expect((await settingsOf(field, profile, variables)).observable).toBe(observable);
  });

  it('keep builds apart by CHOST, profile and flags, those for single packages too', async () => {
    const partitions = await Promise.all([
      settingsOf('', profile, variables),
      settingsOf('', profile, variables.replace('-O2', '-O3')),
      settingsOf('', `${profile}/musl`, variables),
      settingsOf('', profile, variables, '/etc/portage/env/fast', 'CFLAGS="-O3"\n'),
      settingsOf('', profile, variables, '/etc/portage/env/fast', 'CFLAGS="-O1"\n'),
      settingsOf(
        '',
        profile,
        variables,
        '/etc/portage/package.env',
        'a/b fast\n',
        '/etc/portage/env/fast',
        'CFLAGS="-O1"\n',
      ),
      settingsOf(
        '',
        profile,
        variables,
        '/etc/portage/package.env',
        'a/b fast\n',
        '/etc/portage/env/fast',
        'CFLAGS="-O3"\n',
      ),
    ]);
    expect(new Set(partitions.map(({ partition }) => partition)).size).toBe(7);
    expect(partitions[0]?.partition).toMatch(/^x86_64-pc-linux-gnu\/default-linux\/[0-9a-f]{12}$/);
  });

  it('are the same for what makes no difference', async () => {
    const { partition } = await settingsOf('', profile, variables);
    expect(await settingsOf('yes', profile, variables, '/etc/portage/env/empty', '# nothing\n')).toEqual({
      treeStamp: '1234 5',
      partition,
      observable: true,
    });
  });

  it('without a CHOST are those of a broken base', async () => {
    await expect(settingsOf('', profile, '')).rejects.toMatchObject({
      code: 'emerge-failed',
      hint: expect.stringContaining('emerge --info') as string,
    });
  });
});
