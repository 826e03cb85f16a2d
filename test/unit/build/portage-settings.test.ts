import { describe, expect, it } from 'vitest';
import { readPortageSettings, type PortageSettings } from '../../../src/build/portage-settings.ts';
import { BuildWorld } from './build-world.ts';

const partition = 'x86_64-pc-linux-gnu/generic/default-linux-0123456789ab';

async function settingsOf(...fields: readonly string[]): Promise<PortageSettings> {
  using world = new BuildWorld();
  world.portage.settings = ['1234 5', ...fields];
  return await readPortageSettings(world.context, await world.buildContainer());
}

describe("Portage's settings", () => {
  it.each([
    ['yes', true],
    ['', false],
  ])('say whether there is a status stream: %j', async (field, observable) => {
    expect(await settingsOf(field, partition)).toEqual({
      treeStamp: '1234 5',
      observable,
      partition,
      measuresSpace: false,
    });
  });

  it('say whether emerge asks for free space', async () => {
    expect(await settingsOf('', partition, 'yes')).toMatchObject({ measuresSpace: true });
  });

  it("ask with a site's key, where there is one", async () => {
    using world = new BuildWorld();
    const key = { cpu: 'zen4', hooks: new Map([['compile', 'true']]) };
    await readPortageSettings(world.context, await world.buildContainer(), { key });
    expect(world.portage.request('settings').command.slice(-2)).toEqual([
      'zen4',
      expect.stringMatching(/^compile [0-9a-f]{64}$/) as string,
    ]);
  });

  it.each(['', 'Traceback', '../../x-0123456789ab'])(
    'without a partition are those of a broken base: %j',
    async (field) => {
      await expect(settingsOf('', field)).rejects.toMatchObject({
        code: 'emerge-failed',
        hint: expect.stringContaining('emerge --info') as string,
      });
    },
  );
});
