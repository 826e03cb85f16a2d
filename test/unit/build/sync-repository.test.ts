import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage } from '../../../src/build/build-image.ts';
import { buildRequest, BuildWorld, nothing, oldLayout } from './build-world.ts';
import { fakeTime, passTime } from './fake-time.ts';

vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises);
vi.mock('node:perf_hooks', async () => (await import('./fake-time.ts')).perfHooks);

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the sync', () => {
  it('fills a tree that is not there yet, from a snapshot where the base syncs by rsync', async () => {
    using world = new BuildWorld({ base: oldLayout });
    world.engine.volumes.delete('gentoo-repository');
    await passTime(buildImage(buildRequest(), world.context));
    expect(world.portage.request('sync').command).toContain('emerge-webrsync');
    expect(world.messages('note').some((message) => message.startsWith('made the volume gentoo-repository'))).toBe(
      true,
    );
    expect(world.messages('note')).toContain('filling the tree at /usr/portage: it is empty');
  });

  it('has a tree of its own whose first sync was interrupted emptied by the sync itself, and no other', async () => {
    const emptied = async (tree: Record<string, string>) => {
      using world = new BuildWorld({ tree });
      await passTime(buildImage(buildRequest(), world.context));
      const { command } = world.portage.request('sync');
      return command[command.indexOf('gentoo-builder-sync', 5) + 3];
    };
    expect(await emptied({ '/half': 'a tree' })).toBe('yes');
    expect(await emptied({ '/profiles/repo_name': 'gentoo' })).toBe('');
  });

  it('reads the settings beside the sync, and again where that changed the tree', async () => {
    for (const [stamp, times] of [
      ['1234 5', 1],
      ['other', 2],
      [undefined, 2],
    ] as const) {
      using world = new BuildWorld();
      world.portage.stamp = stamp;
      await passTime(buildImage(buildRequest(), world.context));
      expect(world.portage.names.filter((name) => name === 'settings')).toHaveLength(times);
    }
  });

  it.each([
    { layout: 'git', base: undefined, asked: undefined, age: '0' },
    { layout: 'git', base: undefined, asked: 60, age: '60' },
    { layout: 'rsync', base: oldLayout, asked: undefined, age: '86400' },
    { layout: 'rsync', base: oldLayout, asked: 0, age: '0' },
  ])('syncs a tree by $layout unless it is younger than $age s, asked for $asked', async ({ base, asked, age }) => {
    using world = new BuildWorld(base && { base });
    await passTime(buildImage(buildRequest({ syncMaxAge: asked }), world.context));
    const { command } = world.portage.request('sync');
    expect(command[command.indexOf('gentoo-builder-sync', 5) + 2]).toBe(age);
  });

  it('starts no sync with --no-sync', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest({ sync: false }), world.context));
    expect(world.portage.names).not.toContain('sync');
  });

  it('fails with what the sync said, and the command that shows the rest', async () => {
    using world = new BuildWorld();
    world.portage.sync = ({ print }) => {
      print('fatal: unable to access the repository: Could not resolve host: mirror.example\n');
      return 1;
    };
    await expect(passTime(buildImage(buildRequest(), world.context))).rejects.toMatchObject({
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
