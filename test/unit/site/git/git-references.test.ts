import { describe, expect, it } from 'vitest';
import { findGitDirectory } from '../../../../src/site/git/git-directory.ts';
import {
  branchNameFault,
  readBranchIds,
  readHead,
  readLeftBehindBranches,
} from '../../../../src/site/git/git-references.ts';
import { temporaryDirectory, writeFiles } from '../git-program.ts';

const [one, two, three] = ['1', '2', '3'].map((digit) => digit.repeat(40)) as [string, string, string];

/** The directory of a repository with these files in .git. */
function directoryWith(files: Readonly<Record<string, string>>) {
  const site = temporaryDirectory();
  const whole = { HEAD: 'ref: refs/heads/base\n', 'objects/info/x': '', 'refs/heads/base': `${one}\n`, ...files };
  writeFiles(site.path, Object.fromEntries(Object.entries(whole).map(([path, text]) => [`.git/${path}`, text])));
  return { directory: findGitDirectory(site.path, site.path), [Symbol.dispose]: () => site[Symbol.dispose]() };
}

/** The branches of a repository with these files in .git. */
function branches(files: Readonly<Record<string, string>>) {
  using repository = directoryWith(files);
  const { ids, ambiguous } = readBranchIds(repository.directory);
  return { ids: [...ids], ambiguous: [...ambiguous] };
}

const remote = (name: string) => `[remote "${name}"]\n\turl = x\n`;

describe('the branches of a repository', () => {
  it('are sorted, and a file overrides packed-refs', () => {
    const packed = `# pack-refs with: peeled\n${two} refs/heads/base\n${two} refs/heads/a/b\n^${three}\n${three} refs/tags/v1\n`;
    expect(branches({ 'packed-refs': packed, 'refs/heads/z': three, 'refs/heads/x.lock': three })).toEqual({
      ids: [
        ['a/b', two],
        ['base', one],
        ['z', three],
      ],
      ambiguous: [],
    });
  });

  it('are local ones before those of remotes', () => {
    expect(
      branches({
        ...{ config: remote('origin'), 'refs/remotes/origin/base': two, 'refs/remotes/origin/more': three },
        'refs/remotes/origin/HEAD': 'ref: refs/remotes/origin/base\n',
      }),
    ).toEqual({
      ids: [
        ['base', one],
        ['more', three],
      ],
      ambiguous: [],
    });
  });

  it('are ambiguous if remotes differ and there is no local one', () => {
    const files = {
      ...{ config: remote('b') + remote('a') + remote('c/d') },
      ...{ 'refs/remotes/b/base': two, 'refs/remotes/a/base': three },
      ...{ 'refs/remotes/b/more': two, 'refs/remotes/a/more': three, 'refs/remotes/c/d/more': two },
      ...{ 'refs/remotes/b/same': two, 'refs/remotes/c/d/same': two },
    };
    const { ids, ambiguous } = branches(files);
    expect(new Map(ids).get('same')).toBe(two);
    expect(ids.map(([name]) => name)).toEqual(['base', 'more', 'same']);
    expect(ambiguous).toEqual([['more', ['a', 'b', 'c/d']]]);
  });

  it('of a remote without settings have the name behind the first slash', () => {
    expect(branches({ 'refs/remotes/old/a/b': two }).ids).toEqual([
      ['a/b', two],
      ['base', one],
    ]);
  });

  it.each([
    ['follow symbolic references', { 'refs/heads/a': 'ref: refs/heads/b\n', 'refs/heads/b': two }, two],
    ['follow a symbolic reference to a packed branch', { 'refs/heads/a': 'ref: refs/heads/p\n' }, three],
    [
      'do not follow a circle',
      { 'refs/heads/a': 'ref: refs/heads/b\n', 'refs/heads/b': 'ref: refs/heads/a\n' },
      undefined,
    ],
    ['do not follow a reference out of the repository', { 'refs/heads/a': 'ref: refs/../HEAD\n' }, undefined],
    ['do not follow a reference to another file', { 'refs/heads/a': 'ref: HEAD\n' }, undefined],
    ['have no commit if the file is damaged', { 'refs/heads/a': 'f'.repeat(39) }, undefined],
    ['have no commit if the file has more', { 'refs/heads/a': `x${one}` }, undefined],
    ['may have ids of 64 digits', { 'refs/heads/a': 'e'.repeat(64) }, 'e'.repeat(64)],
  ])('%s', (_what, files, id) => {
    const { ids } = branches({ 'packed-refs': `${three} refs/heads/p\n`, ...files });
    expect(new Map(ids).get('a')).toBe(id);
  });
});

describe('the branches that differ from their remotes', () => {
  it('are those that no remote has the commit of, with the remote origin if it has them', () => {
    using repository = directoryWith({
      ...{ config: remote('a') + remote('origin') },
      ...{ 'refs/heads/x': one, 'refs/remotes/a/x': two, 'refs/remotes/origin/x': three },
      ...{ 'refs/heads/agrees': one, 'refs/remotes/a/agrees': two, 'refs/remotes/origin/agrees': one },
      ...{ 'refs/heads/local': one, 'refs/remotes/a/remote': two },
      ...{ 'refs/heads/c': one, 'refs/remotes/a/c': two },
      ...{ 'refs/heads/damaged': one, 'refs/remotes/a/damaged': 'x' },
    });
    expect(readLeftBehindBranches(repository.directory)).toEqual([
      { name: 'c', own: one, remote: 'a', origin: two },
      { name: 'x', own: one, remote: 'origin', origin: three },
    ]);
  });
});

it.each([
  ['ref: refs/heads/a/b\n', { branch: 'a/b' }],
  [`${two}\n`, { commit: two }],
  ['ref: refs/tags/v1\n', undefined],
  [`x${two}\n`, undefined],
  ['\n', undefined],
])('HEAD with %j is %j', (text, head) => {
  using repository = directoryWith({ HEAD: text });
  expect(readHead(repository.directory)).toEqual(head);
});

it.each<readonly [string, string | undefined]>([
  ['', 'is empty'],
  ['-x', 'begins with a hyphen, as an option does'],
  ['a..b', 'contains ..'],
  ['a\u00a0b', 'contains white space'],
  ['a\u200bb', 'contains a control character'],
  ...[...'~^:?*[\\'].map((character) => [`a${character}b`, `contains ${character}`] as const),
  ...['/a', 'a//b', '.a', 'a/.b', 'a.', 'a/.', 'a.lock', 'a.lock/b', 'a@{b', 'a/'].map(
    (name) => [name, 'is not allowed by git'] as const,
  ),
  ...['a', 'a/b', 'a.b', 'a.locks', 'a@b', '@', 'a{b', 'a-b', 'é', 'a/-b'].map((name) => [name, undefined] as const),
])('the name %j of a branch: %s', (name, fault) => {
  expect(branchNameFault(name)).toBe(fault);
});
