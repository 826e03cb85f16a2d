import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GitRepository } from '../../../../src/site/git/git-repository.ts';
import { git, temporaryDirectory } from '../git-program.ts';

const names = [...'azAZ059_-+=,~!@#^&(){}[]$%*? \\"\'`|;:<>', '\t', '\u0001', '\u007f', 'ab', 'a.b', 'e/a', 'e/]'];

/** Compares our list of uncommitted files with the list of git, each pattern in a directory of its own. */
function expectAsGit(patterns: readonly string[]): void {
  using site = temporaryDirectory();
  git(site.path, 'init', '--quiet');
  git(site.path, 'commit', '--quiet', '--allow-empty', '--message=nothing');
  for (const [index, pattern] of patterns.entries()) {
    const place = join(site.path, String(index));
    mkdirSync(join(place, 'e'), { recursive: true });
    for (const name of names) writeFileSync(join(place, name), '');
    writeFileSync(join(place, '.gitignore'), `${pattern}\n`);
  }
  const byGit = git(site.path, 'status', '--porcelain', '-z', '--untracked-files=all').split('\0').filter(Boolean);
  const byUs = new GitRepository(site.path, site.path).readWorkTree()?.uncommitted;
  const seen = (paths: readonly string[]) =>
    patterns.map((pattern, index) => [pattern, paths.filter((path) => path.startsWith(`${index}/`)).toSorted()]);
  expect(seen(byUs ?? [])).toEqual(seen(byGit.map((line) => line.slice(3))));
}

const classes = ['alnum', 'alpha', 'blank', 'cntrl', 'digit', 'graph', 'lower', 'print', 'punct', 'space', 'upper'];

it('the named classes of a .gitignore match the characters that git matches', () => {
  expectAsGit([...classes, 'xdigit'].flatMap((name) => [`[[:${name}:]]`, `[![:${name}:]]`, `[[:${name}:]_]*`]));
});

it('a class of a .gitignore with an unknown name matches nothing', () => {
  expectAsGit(['[[:word:]]', '[a[:word:]]', '[![:word:]]', '[[:toString:]a]']);
});

it('a class of a .gitignore takes the characters that mean something in a regular expression as they are', () => {
  expectAsGit([
    ...[
      '[]]',
      '[!]]',
      '[]a]',
      '[\\]]',
      '[\\\\]',
      '[a^]',
      '[\\^a]',
      '[^a]',
      '[^^]',
      '[[]',
      '[a[]',
      '[.]',
      '[*?]',
      '[$|]',
    ],
    ...['[a-c]', '[c-a]', '[-a]', '[a-]', '[+--]', '[\\a-\\c]', '[0-9A-F]', '[!0-9a-zA-Z]', '[a', '[]', '[!]', '[\\'],
    ...['[(){}]', '[\\d]', '[\\w]', '[#]', '[,-.]', 'e/[]]', 'e[/]a', 'e[!x]a', 'e?a'],
  ]);
});

it('characters of a .gitignore outside a class are those that git takes them for', () => {
  expectAsGit([
    ...['.', '\\.', 'a.b', 'a?b', 'a*b', '*.*', '(', ')', '{', '}', '$', '^', '|', '+', '\\+', '\\?', '\\*', '\\['],
    ...[
      '!',
      '\\!',
      '#',
      '\\#',
      ' ',
      '\\ ',
      'a ',
      'a\\ ',
      '\\',
      '\\\\',
      '\\\\\\',
      '/a',
      'e/',
      '/e/',
      'e/a',
      '/e/a',
      'a/',
    ],
    ...[
      '*',
      '*\n!a',
      '*\n!e/a',
      '*\n!e/\n!e/a',
      '!a\na',
      'a\n!a',
      'a\r',
      '\r',
      '/',
      '//',
      '//a',
      'e//a',
      '**/a',
      'e/**',
    ],
  ]);
});
