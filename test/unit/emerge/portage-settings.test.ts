import { describe, expect, it } from 'vitest';
import { readPortageSettings, type PortageSettings } from '../../../src/emerge/portage-settings.ts';
import { BuildWorld } from '../builder/build-world.ts';

const partition = 'x86_64-pc-linux-gnu/generic/default-linux-0123456789ab';

async function settingsOf(...fields: readonly string[]): Promise<PortageSettings> {
  using world = new BuildWorld();
  world.portage.settings = ['1234 5', ...fields];
  return await readPortageSettings(await world.session());
}

describe("Portage's settings", () => {
  it.each([
    ['yes', true],
    ['', false],
  ])('tell whether Portage serves a status stream: %j', async (field, observable) => {
    expect(await settingsOf(field, partition)).toEqual({
      treeStamp: '1234 5',
      observable,
      partition,
      measuresSpace: false,
    });
  });

  it('tell whether emerge can check free space', async () => {
    expect(await settingsOf('', partition, 'yes')).toMatchObject({ measuresSpace: true });
  });

  it("are read with a site's partition key if there is one", async () => {
    using world = new BuildWorld();
    const key = { cpu: 'zen4', hooks: new Map([['compile', 'true']]) };
    await readPortageSettings(await world.session(), { key });
    expect(world.portage.request('settings').command.slice(-2)).toEqual([
      'zen4',
      expect.stringMatching(/^compile [0-9a-f]{64}$/) as string,
    ]);
  });

  it.each(['', 'Traceback', '../../x-0123456789ab'])(
    'fail as those of a broken base if they have no valid partition: %j',
    async (field) => {
      await expect(settingsOf('', field)).rejects.toMatchObject({
        code: 'emerge-failed',
        message: 'failed to read the settings of Portage in the build container: Portage has no CHOST',
        hint: expect.stringMatching(/^check that the base's profile and make\.conf .*emerge --info/) as string,
        logTail: [],
      });
    },
  );

  it("fail with Portage's last words, and show the last twenty lines", async () => {
    using world = new BuildWorld();
    const session = await world.session();
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    world.engine.onExec = () => ({ stdout: '', stderr: lines.map((line) => `${line}\n\n`).join('') });
    await expect(readPortageSettings(session)).rejects.toMatchObject({
      message: 'failed to read the settings of Portage in the build container: line 29',
      logTail: lines.slice(10),
    });
  });

  it('are refused under the lock if a sync of the tree was killed, and not during a sync', async () => {
    using world = new BuildWorld();
    world.portage.settings = ['1234 5', '', partition, '', '/var/db/repos/gentoo\n'];
    const session = await world.session();
    await expect(readPortageSettings(session)).rejects.toMatchObject({
      code: 'tree-unusable',
      message:
        'failed to use the tree at /var/db/repos/gentoo: a sync of it was killed, and it may have files of two revisions',
      hint: 'sync it once, which restores the files: omit --no-sync, or for a site run `zentoo sync`',
    });
    expect(await readPortageSettings(session, { during: 'sync' })).toMatchObject({ partition });
  });

  it('are read under a shared lock of the tree, except during a sync', async () => {
    using world = new BuildWorld();
    const session = await world.session();
    const environment = { ROOT: '/usr/x' };
    await readPortageSettings(session, { environment });
    await readPortageSettings(session, { during: 'sync' });
    const [locked, unlocked] = world.portage.ran.map(({ request }) => request);
    expect(locked?.command).toEqual(expect.arrayContaining(['gentoo-builder-lock', '--shared']) as string[]);
    expect(locked?.environment).toEqual(environment);
    expect(unlocked?.command).not.toContain('gentoo-builder-lock');
  });
});
