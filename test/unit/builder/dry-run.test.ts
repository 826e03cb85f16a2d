import { describe, expect, it } from 'vitest';
import type { BuildRequest } from '../../../src/builder/build-request.ts';
import type { Preconditions } from '../../../src/builder/check-preconditions.ts';
import { describeDryRun } from '../../../src/builder/dry-run.ts';
import { throwawayFeatures } from '../../../src/portage/throwaway-features.ts';
import { baseName, buildRequest, BuildWorld, packages } from './build-world.ts';

function plan(request: Partial<BuildRequest> = {}, ready: Partial<Preconditions> = {}): readonly string[] {
  using world = new BuildWorld();
  return describeDryRun(buildRequest(request), { ...world.ready, ...ready });
}

const tree = (parts: Partial<Preconditions['tree']>): Partial<Preconditions> => {
  using world = new BuildWorld();
  return { tree: { ...world.ready.tree, ...parts } };
};

describe('the plan of a dry run', () => {
  it('describes each step of a run in order', () => {
    expect(plan()).toEqual([
      `start a container from ${baseName}, with`,
      '  the volume gentoo-repository at /var/db/repos/gentoo',
      '  the volume gentoo-binpkgs at /var/cache/binpkgs',
      '  the volume gentoo-distfiles at /var/cache/distfiles',
      '  the volume gentoo-metadata at /var/cache/edb/dep',
      '  the volume gentoo-logs at /var/log/portage',
      '  a new work volume at /var/tmp/portage, where packages are built',
      'sync the tree by git',
      'if there is an image of the same inputs, return it and stop here; else',
      'emerge --quiet=y --ask=n --usepkg=y --color=n app-misc/hello',
      'with the FEATURES of the base, except',
      ...throwawayFeatures.map(({ features, why }) => `  ${features.join(' ')}: ${why}`),
      'stop it, and commit it as gentoo-<first 4 characters of its id>',
      'remove it',
    ]);
  });

  it.each([
    [
      'pull the base other, which the engine does not have',
      {},
      { base: { name: 'other', image: undefined }, system: undefined },
    ],
    ['sync the tree', {}, { system: undefined }],
    ['sync the tree by git, if it is older than 60 s', { syncMaxAge: 60 }, {}],
    ['sync the tree by git', { syncMaxAge: 0 }, {}],
    ['  a tmpfs of 8 GiB at /var/tmp/portage, where packages are built', {}, { tmpfs: { size: 8 * 1024 ** 3 } }],
    ['leave the tree as it is', { sync: false }, {}],
    ['  the volume gentoo-repository at /var/db/repos/gentoo, created and filled', {}, { treeState: 'absent' }],
    ['  the volume gentoo-repository at /var/db/repos/gentoo (empty), filled', {}, { treeState: 'empty' }],
    [
      '  /srv/tree at /var/db/repos/gentoo, read-only',
      { sync: false },
      tree({ type: 'bind', source: '/srv/tree', readOnly: true }),
    ],
    [
      'emerge --quiet=y --ask=n --jobs=2 --verbose --color=n @world',
      { packages: packages('@world'), jobs: 2, emergeOptions: ['--verbose'], binpkgs: false },
      {},
    ],
    [
      'stop it, and commit it as gentoo-<first 4 characters of its id>, named a:1, b:2 as well',
      { tags: ['a:1', 'b:2'] },
      {},
    ],
  ] as const)('says "%s"', (line, request, ready) => {
    expect(plan(request, ready)).toContain(line);
  });

  it('names the sync type only if the base tells it', () => {
    const repository = { name: 'gentoo', location: '/x', syncType: '', syncUri: '', autoSync: true };
    expect(
      plan({}, { system: { repository, otherSyncs: false, treeTargets: [repository.location], notes: [] } }),
    ).toContain('sync the tree by whatever its repos.conf says');
  });

  it('looks for no image of the same inputs with --rebuild', () => {
    expect(plan({ rebuild: true }).join('\n')).not.toContain('same inputs');
  });

  it('pulls no base that the engine has', () => {
    expect(plan().join('\n')).not.toContain('pull');
  });

  it("names the tree's location in the old layout", () => {
    const repository = { name: 'gentoo', location: '/usr/portage', syncType: 'rsync', syncUri: '', autoSync: true };
    expect(
      plan({}, { system: { repository, otherSyncs: false, treeTargets: [repository.location], notes: [] } }),
    ).toContain('  the volume gentoo-repository at /usr/portage');
  });

  it('mounts no package store with --no-binpkgs', () => {
    expect(plan({ binpkgs: false }, { binpkgs: undefined }).join('\n')).not.toContain('binpkgs');
  });
});
