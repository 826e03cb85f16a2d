import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseGitConfig } from '../../../src/site/git/git-config.ts';
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

describe('case 3.6: a branch', () => {
  it('whose profile has 12,000 ancestors in a row is read', () => {
    using site = temporarySite();
    const root = portage(site.path);
    const parents = Array.from({ length: 12_000 }, (_, at) => [`pp/p${at}/parent`, `../p${at + 1}\n`] as const);
    writeFiles(root, Object.fromEntries(parents));
    rmSync(join(root, 'make.profile'), { recursive: true });
    writeFiles(root, {
      'make.profile/parent': '../pp/p0\n',
      'make.conf': 'PORTDIR="/usr/portage"\n',
      'pp/p12000/parent': '/usr/portage/profiles/x\n',
    });
    commitAll(root);
    expect(readOrExplain(site.path)).toEqual([
      expect.stringContaining('make.conf:1:1: PORTDIR is obsolete and differs from repos.conf'),
    ]);
  });
});

describe('case 3.6: sets of a site', () => {
  const shared = (site: string, sets: Readonly<Record<string, string>>) => {
    const files = Object.entries(sets).map(([name, text]) => [`sets/${name}`, text] as const);
    writeFiles(join(site, 'config'), Object.fromEntries(files));
  };

  it('that contain each other 15,000 times in a row are refused', () => {
    using site = temporarySite();
    shared(site.path, Object.fromEntries(Array.from({ length: 15_000 }, (_, at) => [`s${at}`, `@s${at + 1}\n`])));
    shared(site.path, { s15000: 'app-misc/greet\n', tools: '@s0\n' });
    expect(readOrExplain(site.path)).toEqual([
      expect.stringContaining('s498:1:1: more than 500 sets contain each other, from @tools to @s499'),
    ]);
  });

  it('with 10,000 unknown names are compared with the names of 500 sets only as long as that is quick', () => {
    using site = temporarySite();
    shared(site.path, Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`number-${at}-of-sets`, '@world\n'])));
    shared(site.path, { tools: Array.from({ length: 10_000 }, (_, at) => `@a-${at}-quite-different-name\n`).join('') });
    expect(readOrExplain(site.path)).toHaveProperty('tuples.length', 3);
  });
});

describe('case 3.7: a line of 300,000 characters', () => {
  const blanks = '\t'.repeat(300_000);
  it.each([`[a]${blanks}x\ry`, `a=${blanks}x\ry`, `[x${blanks}"`, `${blanks}=`, `a${blanks}b`, `[${blanks}a`])(
    'of a configuration of git is read in linear time',
    (line) => {
      expect(parseGitConfig(`${line}\n[core]\n\tbare = true # why\n`).get('core.bare')).toBe('true');
    },
  );
});

describe('case 3.6: site.yaml', () => {
  it('with a map of 60,000 keys is refused in linear time', () => {
    using site = temporarySite();
    const keys = Array.from({ length: 60_000 }, (_, at) => `k${at}: ${at}\n`);
    writeFiles(site.path, { 'site.yaml': keys.join('') });
    expect(readOrExplain(site.path)).toEqual(['site.yaml:1:1: there are more than 50000 values in it']);
  });
});
