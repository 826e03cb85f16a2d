import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failuresOf } from '../../../../src/failure.ts';
import { syncTrees } from '../../../../src/zentoo/command/sync-trees.ts';
import { readSiteLock, writeSiteLock } from '../../../../src/zentoo/run/site-lock.ts';
import { fakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { nothing } from '../../builder/build-world.ts';
import { SiteBuildWorld } from '../site-build-world.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sync-trees-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const next = 'd'.repeat(40);

describe('a sync of the trees', () => {
  it('syncs a tree under its exclusive lock, mounted writable, and writes its revision to site.lock', async () => {
    using world = new SiteBuildWorld();
    world.sitePortage.jobs.set('sync', () => {
      const { files } = world.engine.volumes.get('zentoo-net-repository-gentoo') ?? { files: new Map() };
      for (const [path, file] of fakeFiles({ '/.git/HEAD': `${next}\n` })) files.set(path, file);
      return 0;
    });
    const synced = await syncTrees(world.siteRun({ directory }));
    expect(synced).toEqual([{ repository: 'gentoo', before: 'c'.repeat(40), revision: next }]);
    expect(readSiteLock(directory)).toEqual(new Map([['gentoo', next]]));
    const command = world.sitePortage.runs('sync')[0] ?? [];
    expect(command).toEqual(expect.arrayContaining(['gentoo-builder-lock', '--exclusive', '/var/db/repos/gentoo']));
    expect(command.slice(command.indexOf('emerge'))).toEqual(expect.arrayContaining(['--sync', 'gentoo']));
    const [, spec] =
      world.calls('createContainer').find(([, each]) => JSON.stringify(each).includes('openStdin')) ?? [];
    expect(spec).toMatchObject({
      mounts: expect.arrayContaining([
        expect.objectContaining({ source: 'zentoo-net-repository-gentoo', readOnly: false }),
      ]) as object[],
    });
    expect(world.left).toEqual(nothing);
  });

  it.each([
    ['a volume that zentoo made', {}, 'delete'],
    ['a volume without the label', { labels: {} }, 'refuse'],
    ['a volume of another name', { source: 'mine' }, 'refuse'],
    ['a volume that mounts a directory', { isPlain: false }, 'refuse'],
    ['a directory of the user', { type: 'bind', source: '/srv/dir' }, 'refuse'],
  ] as const)('may delete leftovers only in %s: %j', async (_what, parts, leftovers) => {
    using world = new SiteBuildWorld();
    const run = world.siteRun({ directory });
    const [[name, choice] = expect.fail('no tree')] = [...run.mounts.trees];
    const tree = { ...choice, ...parts };
    const labels = 'labels' in parts ? parts.labels : { 'gentoo-builder.volume': 'tree' };
    if (tree.type === 'volume') {
      world.addVolume(tree.source, { '/photos/cat.jpg': 'meow' }, labels);
      const volume = world.engine.volumes.get(tree.source) ?? expect.fail('no volume');
      world.engine.volumes.set(tree.source, { ...volume, isPlain: !('isPlain' in parts) });
    }
    await syncTrees({ ...run, mounts: { ...run.mounts, trees: new Map([[name, tree]]) } });
    const command = world.sitePortage.runs('sync')[0] ?? [];
    expect(command[command.indexOf('gentoo-builder-sync') + 3]).toBe(leftovers);
  });

  it('names the directory that is not a repository, and changes nothing', async () => {
    using world = new SiteBuildWorld();
    world.sitePortage.jobs.set('sync', ({ print }) => {
      print('!!! no sync (foreign): it is neither empty nor an ebuild repository (x)\n');
      return 1;
    });
    const run = world.siteRun({ directory });
    const [[name, choice] = expect.fail('no tree')] = [...run.mounts.trees];
    const trees = new Map([[name, { ...choice, type: 'bind', source: '/srv/dir' } as const]]);
    const syncing = syncTrees({ ...run, mounts: { ...run.mounts, trees } });
    const error: unknown = await syncing.catch((thrown: unknown) => thrown);
    expect(failuresOf(error)).toMatchObject([
      {
        code: 'tree-unusable',
        message: 'failed to sync /srv/dir: it is neither empty nor an ebuild repository (x)',
        hint: expect.stringContaining('site.yaml (volumes: trees:)') as string,
      },
    ]);
  });

  it('leaves the revision in site.lock if it fails', async () => {
    using world = new SiteBuildWorld();
    writeSiteLock(directory, new Map([['gentoo', 'a'.repeat(40)]]));
    world.sitePortage.jobs.set('sync', () => 1);
    const error: unknown = await syncTrees(world.siteRun({ directory })).catch((thrown: unknown) => thrown);
    expect(failuresOf(error)).toMatchObject([{ code: 'sync-failed' }]);
    expect(readSiteLock(directory)).toEqual(new Map([['gentoo', 'a'.repeat(40)]]));
    expect(world.left).toEqual(nothing);
  });

  it.each([
    [{ syncType: '' }, 'not synced: its repos.conf has no sync-type'],
    [{ autoSync: false }, 'not synced: its repos.conf has auto-sync = no'],
  ])('leaves a tree alone that is not to be synced (%j), and says so', async (parts, detail) => {
    using world = new SiteBuildWorld();
    const run = world.siteRun({ directory });
    const repositories = run.site.repositories.map((tree) => ({ ...tree, ...parts }));
    const synced = await syncTrees({ ...run, site: { ...run.site, repositories } });
    expect(synced).toEqual([{ repository: 'gentoo', before: 'c'.repeat(40), revision: 'c'.repeat(40) }]);
    expect(world.sitePortage.ran.map(({ name }) => name)).not.toContain('sync');
    expect(world.events).toContainEqual({ type: 'step-started', step: 'sync', task: 'gentoo', detail });
  });

  it('reports its step with the source, and the lines of emerge', async () => {
    using world = new SiteBuildWorld();
    world.sitePortage.jobs.set('sync', ({ print }) => {
      print('syncing\n');
      return 0;
    });
    const run = world.siteRun({ directory });
    const repositories = run.site.repositories.map((tree) => ({ ...tree, syncUri: 'https://x.example/gentoo.git' }));
    await syncTrees({ ...run, site: { ...run.site, repositories } });
    expect(world.events).toContainEqual({
      ...{ type: 'step-started', step: 'sync', task: 'gentoo', detail: 'git https://x.example/gentoo.git' },
    });
    expect(world.events).toContainEqual({ type: 'line', step: 'sync', task: 'gentoo', text: 'syncing' });
  });

  it.each([
    ['the main repository by rsync begins with a snapshot', 'gentoo', 'rsync', false, true],
    ['a later sync does not', 'gentoo', 'rsync', true, false],
    ['another sync-type does not', 'gentoo', 'git', false, false],
  ])('of %s', async (_what, _name, syncType, isThere, usesSnapshot) => {
    using world = new SiteBuildWorld();
    const run = world.siteRun({ directory });
    const repositories = run.site.repositories.map((tree) => ({ ...tree, syncType }));
    const revisions = isThere ? run.revisions : new Map<string, string>();
    await syncTrees({ ...run, revisions, site: { ...run.site, repositories } });
    const command = world.sitePortage.runs('sync')[0] ?? [];
    expect(command.includes('emerge-webrsync')).toBe(usesSnapshot);
    expect(command).toContain('gentoo-builder-lock');
  });

  it('syncs the other trees if one fails, and throws all failures at the end', async () => {
    using world = new SiteBuildWorld();
    const [gentoo] = world.siteRun().site.repositories;
    if (gentoo === undefined) throw new Error('no repository');
    const local = { ...gentoo, name: 'local', location: '/var/db/repos/local' };
    world.addVolume('zentoo-net-repository-local', { '/profiles/repo_name': 'local\n' });
    const tuple = world.tuples[0] ?? expect.fail('no tuple');
    const tuples = [{ ...tuple, portage: { ...tuple.portage, repositories: [gentoo, local] } }];
    const started: string[] = [];
    world.sitePortage.jobs.set('sync', ({ command, print }) => {
      started.push(command.at(-1) ?? '');
      print('no route to host\n');
      return 1;
    });
    const run = world.siteRun({ directory, tuples, repositories: [gentoo, local] });
    const trees = new Map([
      ...run.mounts.trees,
      ['local', { ...[...run.mounts.trees.values()][0], source: 'zentoo-net-repository-local' }],
    ]);
    const failing = syncTrees({ ...run, mounts: { ...run.mounts, trees: trees as typeof run.mounts.trees } });
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect(failuresOf(error).map(({ code }) => code)).toEqual(['sync-failed', 'sync-failed']);
    expect(started).toHaveLength(2);
    expect(failuresOf(error)[0]?.logTail).toEqual(['no route to host']);
  });
});
