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

  it('empties a tree whose first sync was interrupted before it is synced again', async () => {
    using world = new BuildWorld({ tree: { '/half': 'a tree' } });
    await passTime(buildImage(buildRequest(), world.context));
    expect(world.portage.names.slice(0, 2)).toEqual(['lock', 'sync']);
    expect(world.portage.request('lock').command.slice(-5)).toEqual([
      'find',
      '/var/db/repos/gentoo',
      '-mindepth',
      '1',
      '-delete',
    ]);
    expect(world.messages('note')).toContain('the first sync of the tree was interrupted: starting it again');
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
