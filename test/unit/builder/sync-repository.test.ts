import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../../src/builder/build-image.ts';
import { buildRequest, BuildWorld, nothing, oldLayout, program } from './build-world.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

describe('the sync', () => {
  it('fills an absent tree, from a snapshot if the base syncs by rsync', async () => {
    using world = new BuildWorld({ base: oldLayout });
    world.engine.volumes.delete('gentoo-repository');
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.portage.request('sync').command).toContain('emerge-webrsync');
    expect(world.portage.request('sync').environment).toMatchObject({
      LC_ALL: '',
      LANGUAGE: '',
      LC_MESSAGES: 'C.UTF-8',
    });
    expect(world.messages('note')).toContain(
      'created the volume gentoo-repository: it keeps the ebuild repository, so that it is fetched only once',
    );
    expect(world.messages('note')).toContain('filling the tree at /usr/portage: it is empty');
  });

  it('empties only a tree of its own whose first sync was interrupted', async () => {
    const emptied = async (tree: Record<string, string>) => {
      using world = new BuildWorld({ tree });
      await passTime(buildImage(buildRequest(), world.context, program));
      const { command } = world.portage.request('sync');
      return command[command.indexOf('gentoo-builder-sync', 5) + 3];
    };
    expect(await emptied({ '/half': 'a tree' })).toBe('delete');
    expect(await emptied({ '/profiles/repo_name': 'gentoo' })).toBe('refuse');
  });

  it('case 2.14: warns before it syncs a directory of the user, and not for a volume', async () => {
    using world = new BuildWorld();
    world.portage.sync = ({ print }) => {
      print('!!! before the sync: the tree has 1 local changes\n');
      return 0;
    };
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.portage.request('sync').command).not.toContain('gentoo-builder-warn-of-sync');
    expect(world.messages('warning')).toContain('the tree has 1 local changes');
    world.portage.forget();
    const request = buildRequest({ tree: '/srv/tree', createTree: true, rebuild: true });
    await passTime(buildImage(request, world.context, program));
    expect(world.portage.request('sync').command).toContain('gentoo-builder-warn-of-sync');
  });

  it('case 3.13: names the build that it waits for, and the option with which nothing waits', async () => {
    using world = new BuildWorld();
    const holder = 'the tree /var/db/repos/gentoo: app-misc/a uses it since 10:00:00 UTC (5 s)';
    world.portage.sync = ({ print }) => {
      print(`>>> Waiting for ${holder}\n`);
      return 0;
    };
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.messages('note')).toContain(
      `waiting for ${holder}; to build from the tree as it is, without waiting for a sync: --no-sync`,
    );
  });

  it('reads the settings during the sync, and again if the sync changed the tree', async () => {
    for (const [stamp, times] of [
      ['1234 5', 1],
      ['other', 2],
      [undefined, 2],
    ] as const) {
      using world = new BuildWorld();
      world.portage.stamp = stamp;
      await passTime(buildImage(buildRequest(), world.context, program));
      expect(world.portage.names.filter((name) => name === 'settings')).toHaveLength(times);
      // The sync holds the lock of the tree, so the first reading takes none.
      expect(world.portage.request('settings').command).not.toContain('gentoo-builder-lock');
    }
  });

  it.each([
    { layout: 'git', base: undefined, asked: undefined, age: '0' },
    { layout: 'git', base: undefined, asked: 60, age: '60' },
    { layout: 'rsync', base: oldLayout, asked: undefined, age: '86400' },
    { layout: 'rsync', base: oldLayout, asked: 0, age: '0' },
  ])(
    'syncs a tree by $layout unless it was synced less than $age s ago, if the request says $asked',
    async ({ base, asked, age }) => {
      using world = new BuildWorld(base && { base });
      await passTime(buildImage(buildRequest({ syncMaxAge: asked }), world.context, program));
      const { command } = world.portage.request('sync');
      expect(command[command.indexOf('gentoo-builder-sync', 5) + 2]).toBe(age);
    },
  );

  it('starts no sync with --no-sync', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest({ sync: false }), world.context, program));
    expect(world.portage.names).not.toContain('sync');
  });

  it('fails with the output of the sync, and the command that shows the whole log', async () => {
    using world = new BuildWorld();
    world.portage.sync = ({ print }) => {
      print('fatal: unable to access the repository: Could not resolve host: mirror.example\n');
      return 1;
    };
    await expect(passTime(buildImage(buildRequest(), world.context, program))).rejects.toMatchObject({
      code: 'sync-failed',
      message: expect.stringContaining('Could not resolve host: mirror.example') as string,
      hint: expect.stringMatching(
        /the whole log: docker run --rm .* -v gentoo-logs:\/log:ro .*\/build\.log$/,
      ) as string,
      logTail: ['fatal: unable to access the repository: Could not resolve host: mirror.example'],
    });
    expect(world.portage.names).not.toContain('emerge');
    expect(world.left).toEqual(nothing);
  });
});
