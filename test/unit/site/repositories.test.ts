import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSite } from '../../../src/site/read/read-site.ts';
import { commitAll, git, writeFiles } from './git-program.ts';
import { commitFiles, edit, portage } from './site-changes.ts';
import { readOrExplain, temporarySite } from './sites.ts';

const ours = {
  name: 'gentoo',
  location: '/var/db/repos/gentoo',
  syncType: 'git',
  syncUri: 'file:///var/lib/ministage/gentoo.git',
  autoSync: true,
};
const local = (...lines: readonly string[]) =>
  ['[local]', 'location = /srv/local', 'sync-type = git', 'sync-uri = https://x.example/local.git', ...lines, ''].join(
    '\n',
  );

/** Does something to both branches of config/portage, each checked out in its turn. */
function inEachBranch(site: string, change: (branch: string) => void): void {
  for (const branch of ['musl', 'base']) {
    git(portage(site), 'checkout', '--quiet', branch);
    change(branch);
    commitAll(portage(site));
  }
}

describe('the repositories of a site', () => {
  it('are those in the repos.conf of the branches of its tuples', () => {
    using directory = temporarySite();
    commitFiles(portage(directory.path), { 'repos.conf/local.conf': local('auto-sync = no') });
    const { tuples, repositories } = readSite(directory.path);
    const overlay = {
      name: 'local',
      location: '/srv/local',
      syncType: 'git',
      syncUri: 'https://x.example/local.git',
      autoSync: false,
    };
    expect(tuples.map((tuple) => tuple.portage.repositories)).toEqual([[ours, overlay], [ours, overlay], [ours]]);
    expect(repositories).toEqual([
      { ...ours, branches: ['base', 'musl'] },
      { ...overlay, branches: ['base'] },
    ]);
  });

  it('are the default repository of Portage if no branch has a repos.conf', () => {
    using directory = temporarySite();
    inEachBranch(directory.path, () => rmSync(join(portage(directory.path), 'repos.conf'), { recursive: true }));
    expect(readSite(directory.path).repositories).toEqual([
      { ...ours, syncType: 'rsync', syncUri: expect.stringContaining('/gentoo-portage'), branches: ['base', 'musl'] },
    ]);
  });

  it('are read from the files of repos.conf in the order of Portage, following links', () => {
    using directory = temporarySite();
    const repository = portage(directory.path);
    const uri = (name: string) => `[local]\nsync-uri = file:///${name}\n`;
    writeFiles(repository, {
      'repos.conf/.hidden': uri('hidden'),
      'repos.conf/z~': uri('backup'),
      'repos.conf/CVS/z': uri('cvs'),
      'repos.conf/z.d/a': uri('directory'),
      'repos.conf/z.conf': local(),
      'elsewhere/last': uri('last'),
    });
    // z.conf comes before z.d, and zz after both; a directory that has itself in it is read once.
    symlinkSync('/etc/portage/elsewhere', join(repository, 'repos.conf/zz'));
    symlinkSync('..', join(repository, 'elsewhere/up'));
    symlinkSync('../elsewhere', join(repository, 'elsewhere/itself'));
    symlinkSync('/usr/share/portage/config/repos.conf', join(repository, 'repos.conf/a.conf'));
    rmSync(join(repository, 'elsewhere/up'));
    commitAll(repository);
    expect(readSite(directory.path).repositories[1]?.syncUri).toBe('file:///last');
    rmSync(join(repository, 'repos.conf/zz'));
    commitAll(repository);
    expect(readSite(directory.path).repositories[1]?.syncUri).toBe('file:///directory');
  });

  it('can be in one file', () => {
    using directory = temporarySite();
    inEachBranch(directory.path, () => {
      const repository = portage(directory.path);
      renameSync(join(repository, 'repos.conf/gentoo.conf'), join(repository, 'moved'));
      rmSync(join(repository, 'repos.conf'), { recursive: true });
      renameSync(join(repository, 'moved'), join(repository, 'repos.conf'));
    });
    expect(readSite(directory.path).repositories).toEqual([{ ...ours, branches: ['base', 'musl'] }]);
  });

  it('can have their own volumes, also in branches without tuples', () => {
    using directory = temporarySite();
    git(portage(directory.path), 'checkout', '--quiet', '-b', 'later');
    commitFiles(portage(directory.path), { 'repos.conf/local.conf': local() });
    edit(directory.path, 'site.yaml', 'outputs:', 'volumes: { trees: { gentoo: a, local: b } }\noutputs:');
    const { volumes, repositories } = readSite(directory.path);
    expect(volumes.trees.map(({ repository }) => repository)).toEqual(['gentoo', 'local']);
    expect(repositories.map(({ name }) => name)).toEqual(['gentoo']);
  });
});

const bad: readonly (readonly [string, (site: string) => void, readonly unknown[]])[] = [
  [
    'that two branches sync in different ways, at both places',
    (site) => {
      commitFiles(portage(site), { 'repos.conf/z.conf': '# other\n[gentoo]\nsync-uri = file:///other\n' });
    },
    [
      'config/portage@base:repos.conf/z.conf:2:1: ' +
        "the repository 'gentoo' is synced by git file:///other here and by git file:///var/lib/ministage/gentoo.git " +
        'in config/portage@musl:repos.conf/gentoo.conf:5, and a site has one volume per repository: ' +
        'give both the same sync-type and sync-uri, or move one of the branches to a separate site',
      expect.stringMatching(
        /^config\/portage@musl:repos\.conf\/gentoo\.conf:5:1: .* here and by git file:\/\/\/other in config\/portage@base:repos\.conf\/z\.conf:2, /,
      ),
    ],
  ],
  [
    'that a branch has only from Portage itself, in another way',
    (site) => {
      rmSync(join(portage(site), 'repos.conf'), { recursive: true });
      commitAll(portage(site));
    },
    [
      expect.stringMatching(/^config\/portage@base:repos\.conf:1:1: the repository 'gentoo' is synced by rsync rsync:/),
      expect.stringMatching(
        /^config\/portage@musl:repos\.conf\/gentoo\.conf:5:1: the repository 'gentoo' is synced by git/,
      ),
    ],
  ],
  [
    'at one location',
    (site) => commitFiles(portage(site), { 'repos.conf/local': '[local]\nlocation = /var/db/repos/x/../gentoo/\n' }),
    ["config/portage@base:repos.conf/local:1:1: the repository 'gentoo' already has the location /var/db/repos/gentoo"],
  ],
  [
    'without a location',
    (site) =>
      commitFiles(portage(site), { 'repos.conf/local': '[local]\nlocation = srv\n\n[other]\nsync-type = git\n' }),
    [
      "config/portage@base:repos.conf/local:1:1: the repository 'local' has no absolute location, and Portage ignores it: location = /var/db/repos/local",
      "config/portage@base:repos.conf/local:4:1: the repository 'other' has no absolute location, and Portage ignores it: location = /var/db/repos/other",
    ],
  ],
  [
    'with an odd name',
    (site) => commitFiles(portage(site), { 'repos.conf/local': '[-x/y]\nlocation = /srv\n' }),
    [
      "config/portage@base:repos.conf/local:1:1: '-x/y' is not a valid name of an ebuild repository: use letters, digits, _ and -",
    ],
  ],
  [
    'in a damaged file',
    (site) => commitFiles(portage(site), { 'repos.conf/local': '[local]\nlocation = /srv\nhello\n' }),
    [
      'config/portage@base:repos.conf/local:3:1: this is neither [NAME] nor key = value, or it is a duplicate: Portage then ignores all of repos.conf',
    ],
  ],
  [
    'with a percent sign that is not doubled',
    (site) =>
      commitFiles(portage(site), {
        'repos.conf/a': '[a]\nlocation = /srv/a\nsync-uri = https://u:p%40ss@host/a.git\n',
        'repos.conf/b': '[b]\nlocation = /srv/b\n',
      }),
    [
      'config/portage@base:repos.conf/a:3:1: a % in sync-uri is neither %% nor %(KEY)s: write %% for a percent sign: Portage then ignores all of repos.conf',
    ],
  ],
  [
    'in a file with a byte order mark',
    (site) => commitFiles(portage(site), { 'repos.conf/local': '\uFEFF[local]\nlocation = /srv\n' }),
    [
      'config/portage@base:repos.conf/local:1:1: a byte order mark (BOM) stands before the first section: save the file as UTF-8 without BOM: Portage then ignores all of repos.conf',
    ],
  ],
  [
    'in a file that is not in the branch',
    (site) => {
      symlinkSync('/etc/repos.conf', join(portage(site), 'repos.conf/local'));
      symlinkSync('nowhere', join(portage(site), 'repos.conf/other'));
      commitAll(portage(site));
    },
    ['local', 'other'].map(
      (name) => `config/portage@base:repos.conf/${name}:1:1: it is a symbolic link to a path outside this branch`,
    ),
  ],
  [
    'by links that make them many',
    (site) => {
      const files = Object.fromEntries(Array.from({ length: 12 }, (_, level) => [`d${level}/file`, '[local]\n']));
      writeFiles(portage(site), files);
      for (let level = 0; level < 11; level += 1)
        for (const name of ['a', 'b']) symlinkSync(`../d${level + 1}`, join(portage(site), `d${level}/${name}`));
      symlinkSync('../d0', join(portage(site), 'repos.conf/many'));
      commitAll(portage(site));
    },
    ['config/portage@base:repos.conf:1:1: its symbolic links turn it into more than 1000 files'],
  ],
  [
    'with a volume, and in no branch',
    (site) => edit(site, 'site.yaml', 'outputs:', 'volumes: { trees: { gento: a } }\noutputs:'),
    ["site.yaml:36:28: the repos.conf of no portage branch has a repository 'gento'; did you mean 'gentoo'?"],
  ],
];

describe('a fault of a repository is reported', () => {
  it.each(bad)('%s', (_name, harm, expected) => {
    using directory = temporarySite();
    harm(directory.path);
    expect(readOrExplain(directory.path)).toEqual(expected);
  });
});

it('a repository that the branch has itself, in /etc/portage, needs no volume', () => {
  using directory = temporarySite();
  commitFiles(portage(directory.path), {
    'repos.conf/own.conf': '[own]\nlocation = /etc/portage/own/\nauto-sync = no\n',
    'own/profiles/repo_name': 'own\n',
  });
  const { tuples, repositories } = readSite(directory.path);
  expect(repositories.map(({ name }) => name)).toEqual(['gentoo']);
  expect(tuples.map((tuple) => tuple.portage.repositories.map(({ name }) => name))).toEqual([
    ['gentoo'],
    ['gentoo'],
    ['gentoo'],
  ]);
});
