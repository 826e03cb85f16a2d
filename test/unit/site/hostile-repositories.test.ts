import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileGlob } from '../../../src/site/git/git-glob.ts';
import { parseIgnoreRules, isIgnored } from '../../../src/site/git/git-ignore.ts';
import { commitAll, git, gitWithInput, temporaryDirectory, writeFiles } from './git-program.ts';
import { portage } from './site-changes.ts';
import { readOrExplain, temporarySite } from './sites.ts';

// Without a limit, each of these inputs takes longer than the time limit of a test.

/** Commits `levels` tree objects, each of which has the next one `width` times; the last one has `last`. */
function commitBomb(repository: string, levels: number, last: readonly string[]): void {
  const makeTree = (lines: readonly string[]) => gitWithInput(repository, lines.join(''), 'mktree', '--missing');
  let tree = makeTree(last).toString().trim();
  for (let level = 0; level < levels; level += 1)
    tree = makeTree(['a', 'b'].map((name) => `040000 tree ${tree}\t${name}\n`))
      .toString()
      .trim();
  const commit = git(repository, 'commit-tree', '-m', 'bomb', tree).trim();
  git(repository, 'update-ref', 'refs/heads/base', commit);
}

describe('case 3.6: a branch whose few tree objects expand to billions', () => {
  it('of directories without a file is refused', () => {
    using site = temporarySite();
    commitBomb(portage(site.path), 30, []);
    expect(readOrExplain(site.path)).toContain('config/portage@base:1:1: it has more than 100000 directories');
  });

  it('of files is refused', () => {
    using site = temporarySite();
    const blob = gitWithInput(portage(site.path), '', 'hash-object', '-w', '--stdin').toString().trim();
    const lines = Array.from({ length: 100 }, (_, index) => `100644 blob ${blob}\tfile${index}\n`);
    commitBomb(portage(site.path), 30, lines);
    expect(readOrExplain(site.path)).toContain('config/portage@base:1:1: it has more than 100000 files');
  });

  it('is refused if no tuple uses it, but all branches are read', () => {
    using site = temporarySite();
    git(portage(site.path), 'checkout', '--quiet', '-b', 'bomb');
    git(portage(site.path), 'checkout', '--quiet', 'base');
    commitBomb(portage(site.path), 30, []);
    git(portage(site.path), 'update-ref', 'refs/heads/bomb', 'refs/heads/base');
    expect(readOrExplain(site.path)).toContain('config/portage@base:1:1: it has more than 100000 directories');
  });

  it('by links to directories without a file is refused', () => {
    using site = temporarySite();
    for (let level = 0; level < 30; level += 1) {
      mkdirSync(join(portage(site.path), `d${level}`));
      for (const name of ['a', 'b']) symlinkSync(`../d${level + 1}`, join(portage(site.path), `d${level}/${name}`));
    }
    writeFiles(portage(site.path), { 'd30/.hidden': '' });
    symlinkSync('../d0', join(portage(site.path), 'repos.conf/many'));
    commitAll(portage(site.path));
    expect(readOrExplain(site.path)).toContain(
      'config/portage@base:repos.conf:1:1: its symbolic links turn it into more than 1000 files',
    );
  });
});

describe('case 3.7: a .gitignore', () => {
  /** Repeats a text to half a million characters; case 3.7 took 41 s for 150,000, and the time of that code is quadratic. */
  const many = (text: string) => text.repeat(500_000 / text.length);
  it.each<[string, string]>([
    ['many classes that are not closed', many('[')],
    ['many named classes that are not closed', many('[[:a')],
    ['many negated classes that are not closed', many('[!]')],
    ['many spaces before a letter', `${many(' ')}x`],
    ['many backslashes', `${many('\\')}x`],
    ['many asterisks before a letter', `${many('*')}x`],
    ['many directories', `${many('**/')}x[`],
    ['many slashes and asterisks', many('/**x')],
    ['many letters', many('a')],
    ['many wildcards', many('?*')],
    ['many classes', '[a-z]'.repeat(20_000)],
  ])('with %s is read in linear time', (_what, text) => {
    const rules = parseIgnoreRules(`${text}\n`, '');
    for (let file = 0; file < 1000; file += 1) isIgnored(`d/${file}x`, false, [rules]);
    using site = temporarySite();
    writeFiles(portage(site.path), { '.gitignore': `${text}\n` });
    expect(readOrExplain(site.path)).toHaveProperty('tuples.length', 3);
  });

  it('matches nothing with a class that is not closed, as git', () => {
    using site = temporaryDirectory();
    git(site.path, 'init', '--quiet');
    for (const [pattern, name] of [
      ['[', '['],
      ['a[', 'a['],
      ['[a', '[a'],
      ['[a', 'a'],
      ['[]', '[]'],
      ['[!]', '[!]'],
    ] as const) {
      writeFiles(site.path, { '.gitignore': `${pattern}\n`, [name]: '' });
      const shown = git(site.path, 'ls-files', '--others', '--exclude-standard').split('\n');
      expect(compileGlob(pattern, false)?.(name) ?? false, pattern).toBe(!shown.includes(name));
    }
  });
});
