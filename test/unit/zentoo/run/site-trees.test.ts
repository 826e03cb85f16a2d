import { describe, expect, it } from 'vitest';
import type { Event } from '../../../../src/report/event.ts';
import {
  checkSiteTrees,
  makeSiteVolumes,
  plannedTrees,
  requireTrees,
} from '../../../../src/zentoo/run/open-site-run.ts';
import { writeSiteLock } from '../../../../src/zentoo/run/site-lock.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { SiteWorld } from '../site-world.ts';

const gentoo = {
  name: 'gentoo',
  location: '/var/db/repos/gentoo',
  syncType: 'git',
  syncUri: '',
  autoSync: true,
  branches: ['base'],
};
const lab = { ...gentoo, name: 'lab', location: '/var/db/repos/lab' };
const volumes = { binpkgs: undefined, distfiles: undefined, trees: [] };

/** The events of a kind that report a message. */
const said = ({ events }: SiteWorld, wanted: Event['type']) =>
  events.flatMap((event) => (event.type === wanted && 'message' in event ? [event.message] : []));

describe('the trees of a site', () => {
  it('are refused if one is missing, with the volume that zentoo sync fills', () => {
    using world = new SiteWorld();
    const repositories = [gentoo, lab];
    requireTrees(world.run({ repositories: [gentoo] }));
    expect(() => requireTrees(world.run({ repositories }))).toThrow(
      expect.objectContaining({
        code: 'tree-unusable',
        message: 'failed to find the ebuild repository lab: there is none in the volume zentoo-net-repository-lab',
        hint: 'run `zentoo sync`, which creates and fills it',
      }),
    );
  });

  it.each([{ autoSync: false }, { syncType: '' }])('that are not synced are to be copied: %j', (changes) => {
    using world = new SiteWorld();
    const run = world.run({
      repositories: [{ ...lab, ...changes }],
      volumes: { ...volumes, trees: [{ repository: 'lab', source: '/srv/lab' }] },
    });
    expect(() => requireTrees(run)).toThrow(
      expect.objectContaining({
        message: 'failed to find the ebuild repository lab: there is none in /srv/lab',
        hint: 'its repos.conf switches syncing off: copy the repository to /srv/lab',
      }),
    );
  });

  it('bring a warning for each one that has another revision than site.lock', async () => {
    using site = temporaryDirectory();
    using world = new SiteWorld();
    const repositories = [gentoo, lab, { ...lab, name: 'same' }];
    const revisions = new Map([
      ['gentoo', 'a'.repeat(40)],
      ['lab', 'b'.repeat(40)],
      ['same', 'c'.repeat(40)],
    ]);
    const locked = new Map(revisions).set('lab', 'd'.repeat(40));
    locked.delete('gentoo');
    writeSiteLock(site.path, locked);
    const run = world.run({ directory: site.path, repositories }, revisions);
    expect(plannedTrees(run)).toEqual([
      { repository: 'gentoo', revision: 'a'.repeat(40), locked: undefined },
      { repository: 'lab', revision: 'b'.repeat(40), locked: 'd'.repeat(40) },
      { repository: 'same', revision: 'c'.repeat(40), locked: 'c'.repeat(40) },
    ]);
    await checkSiteTrees(run);
    expect(said(world, 'warning')).toEqual([
      'the tree gentoo is at aaaaaaaaaa, and site.lock has no revision of it',
      'the tree lab is at bbbbbbbbbb, and site.lock has dddddddddd',
    ]);
  });

  it('are checked before site.lock is read', async () => {
    using world = new SiteWorld();
    const run = world.run({ directory: '/no/such/site', repositories: [lab] });
    await expect(checkSiteTrees(run)).rejects.toMatchObject({ code: 'tree-unusable' });
    expect(world.events).toEqual([]);
  });
});

describe('the volumes of a site', () => {
  it('are made if they are missing, with a note for each one that is not for ccache; trees are left to a sync', async () => {
    using world = new SiteWorld();
    world.engine.volumes.delete('zentoo-net-binpkgs');
    world.engine.volumes.delete('zentoo-net-repository-gentoo');
    await makeSiteVolumes(world.run({ ccache: true }));
    const made = Object.fromEntries([...world.engine.volumes.values()].map(({ name, labels }) => [name, labels]));
    expect(made).toEqual({
      'gentoo-repository': expect.anything(),
      'zentoo-net-state': {},
      'zentoo-net-binpkgs': { 'gentoo-builder.volume': 'binpkgs', 'zentoo.site': 'net' },
      'gentoo-distfiles': { 'gentoo-builder.volume': 'distfiles' },
      'gentoo-logs': { 'gentoo-builder.volume': 'logs' },
      'zentoo-net-metadata': { 'gentoo-builder.volume': 'metadata', 'zentoo.site': 'net' },
      'zentoo-net-ccache': { 'gentoo-builder.volume': 'ccache', 'zentoo.site': 'net' },
    });
    expect(said(world, 'note').toSorted()).toEqual([
      'created the volume gentoo-distfiles: it keeps the sources, so that nothing is fetched twice',
      'created the volume gentoo-logs: it keeps the logs of all builds',
      'created the volume zentoo-net-binpkgs: it keeps the binary packages, so that nothing is compiled twice',
      'created the volume zentoo-net-metadata: it keeps the metadata of ebuilds, so that no ebuild is sourced twice',
    ]);
  });

  it('have none for ccache if site.yaml does not ask for it', async () => {
    using world = new SiteWorld();
    await makeSiteVolumes(world.run());
    expect([...world.engine.volumes.keys()]).not.toContain('zentoo-net-ccache');
  });
});
