import { describe, expect, test } from 'vitest';
import { findIniFault } from '../../../../src/portage/configuration/ini-sections.ts';
import {
  findReferenceFault,
  mainRepositoryOf,
  parseReposConf,
  parseRepositories,
  shippedReposConf,
} from '../../../../src/portage/configuration/repos-conf.ts';

const shipped = `[DEFAULT]
main-repo = gentoo

[gentoo]
location = /var/db/repos/gentoo
sync-type = rsync
sync-uri = rsync://mirror.example/gentoo-portage
auto-sync = yes
`;
const gentoo = {
  name: 'gentoo',
  location: '/var/db/repos/gentoo',
  syncType: 'rsync',
  syncUri: 'rsync://mirror.example/gentoo-portage',
  autoSync: true,
};

describe('repos.conf', () => {
  test('is parsed as shipped', () => {
    expect(parseReposConf([shipped])).toEqual(gentoo);
  });

  test('is overridden key by key by a later file', () => {
    const own = '[gentoo]\nsync-type = git\nsync-uri = https://mirror.example/gentoo.git\nAUTO-SYNC = No\n';
    expect(parseReposConf([shipped, own])).toEqual({
      ...gentoo,
      syncType: 'git',
      syncUri: 'https://mirror.example/gentoo.git',
      autoSync: false,
    });
  });

  test('can name another main repository, with comments, colons, continuation lines, interpolation and defaults', () => {
    const own = `# mine
[DEFAULT]
main-repo: local
base = /srv
auto-sync = true
[local]
; where
location = %(EPREFIX)s%(base)s//trees/local/
sync-uri =
    https://mirror.example/100%%
[other]
location = /x
`;
    expect(parseReposConf([shipped, own])).toEqual({
      name: 'local',
      location: '/srv/trees/local',
      syncType: '',
      syncUri: 'https://mirror.example/100%',
      autoSync: true,
    });
  });

  test.each([
    ['nothing', []],
    ['no main repository', ['[gentoo]\nlocation = /x\n']],
    ['one that has no section', ['[DEFAULT]\nmain-repo = x\n']],
    ['an option before any section', [shipped, 'location = /x\n']],
    ['a line that is nothing', [shipped, '[gentoo]\nlocation\n']],
    ['a section twice in a file', [shipped, '[a]\n[a]\n']],
    ['a percent sign in a password', [shipped, '[x]\nsync-uri = https://u:p%40ss@h/x.git\n']],
    ['a reference to no key', [shipped, '[x]\nlocation = %(unknown)s/x\n']],
    ['a byte order mark', [shipped, '\uFEFF[x]\nlocation = /x\n']],
    ['an option twice in a file', [shipped, '[a]\nb = 1\nb = 2\n']],
  ])('damaged: %s', (_name, texts) => {
    expect(parseReposConf(texts)).toBeUndefined();
  });
});

describe('all repositories', () => {
  test('are those of all sections, sorted, with values from DEFAULT', () => {
    const own = '[DEFAULT]\nsync-type = git\nauto-sync = no\n[local]\nlocation = /srv/../srv//local/\n[bare]\n';
    expect(parseRepositories([shipped, own, '[local]\nsync-uri = file:///x\n'])).toEqual([
      { name: 'bare', location: '', syncType: 'git', syncUri: '', autoSync: false },
      gentoo,
      { name: 'local', location: '/srv/local', syncType: 'git', syncUri: 'file:///x', autoSync: false },
    ]);
  });

  test('are only gentoo in the shipped file', () => {
    expect(parseRepositories([shippedReposConf])).toEqual([
      { ...gentoo, syncUri: expect.stringMatching(/^rsync:.*\/gentoo-portage$/) },
    ]);
  });

  test('are unknown if a file is damaged', () => {
    expect(parseRepositories([shipped, '[local]\nlocation\n'])).toBeUndefined();
    expect(findIniFault(`${shipped}[gentoo]\n`)).toBe(9);
    expect(findIniFault('# x\n[a]\nlocation\n')).toBe(3);
    expect(findIniFault(shipped)).toBeUndefined();
  });
});

describe('the main repository', () => {
  test('has its location overridden by PORTDIR, and nothing else', () => {
    const portdir = '/usr/portage';
    expect(mainRepositoryOf({ reposConf: [shipped], portdir })).toEqual({ ...gentoo, location: portdir });
  });

  test('is at the new location by default, and at the old one without a repos.conf', () => {
    const nothing = { name: 'gentoo', syncType: '', syncUri: '', autoSync: true };
    expect(mainRepositoryOf({ reposConf: [''], portdir: undefined })).toEqual({
      ...nothing,
      location: '/var/db/repos/gentoo',
    });
    expect(mainRepositoryOf({ reposConf: [], portdir: undefined })).toEqual({ ...nothing, location: '/usr/portage' });
  });

  test.each([
    ['/a/b', '/a/b'],
    ['/a//b/', '/a/b'],
    ['relative', '/var/db/repos/gentoo'],
    ['', '/var/db/repos/gentoo'],
  ])('is by a PORTDIR of %j at %s', (portdir, location) => {
    expect(mainRepositoryOf({ reposConf: [shipped], portdir }).location).toBe(location);
  });
});

describe('case 3.6: values that refer to each other', () => {
  const bomb = (width: number) =>
    ['[odd]', 'location = /var/db/repos/odd']
      .concat(Array.from({ length: 8 }, (_, level) => `a${level} = ${`%(a${level + 1})s`.repeat(width)}`))
      .concat('a8 = x', '')
      .join('\n');

  test('are refused at their line if they grow to billions of characters', () => {
    expect(findReferenceFault([bomb(60)])).toEqual({
      ...{ index: 0, line: 3, message: 'a0 has more than 65536 characters when its references are replaced' },
    });
    expect(parseRepositories([bomb(60)])).toBeUndefined();
  });

  test('are replaced if they stay short', () => {
    expect(findReferenceFault([bomb(2)])).toBeUndefined();
    expect(parseRepositories([bomb(2)])).toMatchObject([{ name: 'odd', location: '/var/db/repos/odd' }]);
  });

  test('are searched in linear time if they are not closed', () => {
    const text = `[odd]\nlocation = /a\nx = ${'%(a'.repeat(300_000)}\n`;
    expect(findReferenceFault([text])).toMatchObject({ index: 0, line: 3 });
  });
});
