import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findGitDirectory, readIfThere } from '../../../../src/site/git/git-directory.ts';
import { parseGitConfig } from '../../../../src/site/git/git-config.ts';
import { temporaryDirectory, writeFiles } from '../git-program.ts';

/** The files of a git directory with this configuration. */
const gitFiles = (place: string, config?: string) => ({
  ...{ [`${place}HEAD`]: '', [`${place}objects/x`]: '', [`${place}refs/x`]: '' },
  ...(config === undefined ? {} : { [`${place}config`]: config }),
});

/** The repository of a site with these files. Paths of the site begin with `SITE`. */
function find(files: Readonly<Record<string, string>>, directory = '') {
  using site = temporaryDirectory();
  writeFiles(site.path, files);
  try {
    const found = findGitDirectory(join(site.path, directory), site.path);
    return JSON.parse(JSON.stringify(found).replaceAll(site.path, 'SITE')) as unknown;
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll(site.path, 'SITE') : error;
  }
}

const plain = { own: 'SITE/.git', common: 'SITE/.git', workTree: 'SITE', hash: 'sha1', fileModes: true };

describe('the repository of a directory', () => {
  it.each([
    [undefined, plain],
    ['[core]\n\tbare = false\n\tfilemode = true\n\trepositoryformatversion = 0\n', plain],
    ['[core]\n\tfileMode = false\n', { ...plain, fileModes: false }],
    ['[core]\nbare = true\n', { own: 'SITE/.git', common: 'SITE/.git', hash: 'sha1', fileModes: true }],
    ['[core]\nrepositoryformatversion = 1\n[extensions]\nobjectFormat = sha256\n', { ...plain, hash: 'sha256' }],
    ['[extensions]\nobjectFormat = sha1\nrefStorage = files\n', plain],
    ['[extensions]\nobjectFormat = md5\n', 'zentoo does not support its hash, md5'],
    ['[core]\nrepositoryformatversion = 2\n', 'zentoo does not support its format, version 2'],
  ])('with the configuration %j', (config, expected) => {
    expect(find(gitFiles('.git/', config))).toEqual(expected);
  });

  it('is the directory itself if it is bare', () => {
    expect(find(gitFiles('portage.git/'), 'portage.git')).toEqual({
      ...{ own: 'SITE/portage.git', common: 'SITE/portage.git', hash: 'sha1', fileModes: true },
    });
  });

  it('is what a .git file points to, with the main repository of a linked working tree', () => {
    const linked = {
      ...gitFiles('main/.git/', '[core]\nbare = true\n'),
      'main/.git/worktrees/one/HEAD': '',
      'main/.git/worktrees/one/commondir': '../..\n',
      'one/.git': 'gitdir: ../main/.git/worktrees/one\n',
    };
    expect(find(linked, 'one')).toEqual({
      ...{ own: 'SITE/main/.git/worktrees/one', common: 'SITE/main/.git', workTree: 'SITE/one' },
      ...{ hash: 'sha1', fileModes: true },
    });
  });

  it.each<readonly [Readonly<Record<string, string>>, string]>([
    [{ 'x/y': '' }, 'it is not a git repository; make one with: git init'],
    [{ '.git': 'gitdir: nowhere\n' }, 'its .git file points to SITE/nowhere, which does not exist'],
    ...['gitdir:x', 'x gitdir: x', 'gitdir: x\ny'].map(
      (text) =>
        [{ '.git': text }, 'it is not a git repository: its .git is neither a directory nor a pointer'] as const,
    ),
    ...[
      { '.git/HEAD': '', '.git/objects/x': '' },
      { '.git/HEAD': '', '.git/refs/x': '' },
      { '.git/objects/x': '', '.git/refs/x': '' },
      { '.git/HEAD': '', '.git/objects': '', '.git/refs/x': '' },
      { '.git/HEAD': '', '.git/objects/x': '', '.git/refs': '' },
    ].map((files) => [files, 'it is not a git repository: .git has no HEAD, objects or refs'] as const),
  ])('is not there with %j', (files, message) => {
    expect(find(files)).toBe(message);
  });

  it.each([
    ['it', { 'x/y': '' }, '..'],
    ['its repository', { 'x/.git': 'gitdir: ../..\n' }, 'x'],
    ['the main repository of this working tree', { '.git/commondir': '../..\n' }, ''],
  ])('is refused if %s lies outside the site', (what, files, directory) => {
    expect(find(files, directory)).toMatch(`${what} lies outside the site, in /`);
  });

  it('is refused if a link leads out of the site, to a directory whose path begins with that of the site', () => {
    using site = temporaryDirectory();
    writeFiles(site.path, { 'net/x': '', 'network/.git/x': '' });
    symlinkSync('../network', join(site.path, 'net/portage'));
    expect(() => findGitDirectory(join(site.path, 'net/portage'), join(site.path, 'net'))).toThrow(
      `it lies outside the site, in ${site.path}/network: clone it into the site instead`,
    );
  });
});

it('a file of a repository is read if it is there, whatever its name is', () => {
  using site = temporaryDirectory();
  writeFiles(site.path, { ['x'.repeat(255)]: 'long' });
  mkdirSync(join(site.path, 'directory'));
  expect(readIfThere(join(site.path, 'x'.repeat(255)))).toBe('long');
  for (const name of ['absent', 'directory', 'x'.repeat(256), 'ü'.repeat(128), 'a\0b', `${'x'.repeat(255)}/y`])
    expect(readIfThere(join(site.path, name))).toBeUndefined();
});

it.each([
  ['[core]\nbare', { 'core.bare': 'true' }],
  ['[core] bare = yes', { 'core.bare': 'yes' }],
  ['[ Core ]\n  Bare =  a b  ', { 'core.bare': 'a b' }],
  ['[a]\nx = 1\nx = 2', { 'a.x': '2' }],
  ['[a "B.c"]\nx = 1', { 'a.B.c.x': '1' }],
  ['[a "q\\"\\\\"]\nx = 1', { 'a.q"\\.x': '1' }],
  ['[a]\nx = 1 # comment\ny = 2;comment', { 'a.x': '1', 'a.y': '2' }],
  ['[a]\nx = "1 # no;" 2', { 'a.x': '1 # no; 2' }],
  ['[a]\nx = b\\\nc', { 'a.x': 'bc' }],
  ['[a]\nx = "\\"q\\\\"', { 'a.x': '"q\\' }],
  ['# [a]\n; x = 1\n[b]\n1x = 2\n_ = 3', {}],
  ['[a]\nx =', { 'a.x': '' }],
  ['[a]\nx-1 = 2', { 'a.x-1': '2' }],
])('the configuration %j has %j', (text, values) => {
  expect(Object.fromEntries(parseGitConfig(text))).toEqual(values);
});
