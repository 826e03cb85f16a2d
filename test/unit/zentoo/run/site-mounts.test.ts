import { expect, it } from 'vitest';
import { ccacheMounts } from '../../../../src/zentoo/run/ccache-volume.ts';
import { siteMounts } from '../../../../src/zentoo/run/site-mounts.ts';
import { siteOf } from '../../plan/sites.ts';

const repository = (name: string) => ({
  name,
  location: `/var/db/repos/${name}`,
  syncType: 'git',
  syncUri: '',
  autoSync: true,
  branches: ['base'],
});
const repositories = [repository('gentoo'), repository('lab')];
const volume = { type: 'volume', origin: 'default', readOnly: false } as const;

it('a site has volumes of its own for packages, metadata and trees, and shares the volumes of sources and logs', () => {
  expect(siteMounts(siteOf({ repositories }), 'zentoo-net')).toEqual({
    binpkgs: { ...volume, role: 'binpkgs', source: 'zentoo-net-binpkgs' },
    distfiles: { ...volume, role: 'distfiles', source: 'gentoo-distfiles' },
    logs: { ...volume, role: 'logs', source: 'gentoo-logs' },
    metadata: { ...volume, role: 'metadata', source: 'zentoo-net-metadata' },
    trees: new Map([
      ['gentoo', { ...volume, role: 'tree', source: 'zentoo-net-repository-gentoo' }],
      ['lab', { ...volume, role: 'tree', source: 'zentoo-net-repository-lab' }],
    ]),
  });
});

it('volumes and host paths of site.yaml replace the volumes of the site', () => {
  const volumes = {
    binpkgs: '/srv/binpkgs',
    distfiles: 'my-distfiles',
    trees: [{ repository: 'lab', source: '/srv/lab' }],
  };
  const given = { origin: 'given', readOnly: false } as const;
  expect(siteMounts(siteOf({ volumes, repositories }), 'zentoo-net')).toEqual({
    binpkgs: { ...given, role: 'binpkgs', type: 'bind', source: '/srv/binpkgs' },
    distfiles: { ...given, role: 'distfiles', type: 'volume', source: 'my-distfiles' },
    logs: { ...volume, role: 'logs', source: 'gentoo-logs' },
    metadata: { ...volume, role: 'metadata', source: 'zentoo-net-metadata' },
    trees: new Map([
      ['gentoo', { ...volume, role: 'tree', source: 'zentoo-net-repository-gentoo' }],
      ['lab', { ...given, role: 'tree', type: 'bind', source: '/srv/lab' }],
    ]),
  });
});

it('a site with ccache mounts a separate volume for it', () => {
  const mountsWith = (ccache: boolean) => ccacheMounts({ site: siteOf({ ccache }), volumePrefix: 'zentoo-net' });
  expect(mountsWith(true)).toEqual([{ type: 'volume', source: 'zentoo-net-ccache', target: '/var/cache/ccache' }]);
  expect(mountsWith(false)).toEqual([]);
});
