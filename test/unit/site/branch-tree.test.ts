import { describe, expect, it } from 'vitest';
import { BranchTree, type Resolved } from '../../../src/site/branch-tree.ts';
import { GitFault } from '../../../src/site/git/git-fault.ts';
import { branch, commits } from '../plan/sites.ts';

const treeOf = (files: Readonly<Record<string, string>>, top?: readonly string[]) =>
  new BranchTree(branch('base', commits[0], files).entries, top);

/** The target of a path as one word: the path of a file, `d:PATH` of a directory, `outside:PATH`, or `missing`. */
function word(resolved: Resolved): string {
  if (resolved.kind === 'file') return resolved.entry.path;
  if (resolved.kind === 'missing') return 'missing';
  return `${resolved.kind === 'directory' ? 'd' : 'outside'}:${resolved.path}`;
}

const files = {
  'make.conf': '',
  'package.use/one': '',
  'sets/deep/er/file': '',
  'make.profile': '->../../var/db/repos/gentoo/profiles/x',
  absolute: '->/etc/portage/make.conf',
  above: '->/etc/other',
  up: '->sets/../make.conf',
  'sets/back': '->../package.use',
  dangling: '->nowhere',
  circle: '->circle',
  chain: '->up',
  top: '->.',
  through: '->make.conf/x',
};

describe('a path of a branch', () => {
  it.each([
    ['make.conf', 'make.conf'],
    ['/make.conf', 'outside:/make.conf'],
    ['/etc/portage/make.conf', 'make.conf'],
    ['./make.conf', 'make.conf'],
    ['package.use', 'd:package.use'],
    ['package.use/', 'd:package.use'],
    ['package.use/one', 'package.use/one'],
    ['package.use/two', 'missing'],
    ['package', 'missing'],
    ['make.conf/x', 'missing'],
    ['sets/deep/er', 'd:sets/deep/er'],
    ['sets/deep/../deep/er/file', 'sets/deep/er/file'],
    ['sets/nowhere/../deep', 'missing'],
    ['', 'd:'],
    ['..', 'outside:/etc'],
    ['../..', 'outside:/'],
    ['../../../..', 'outside:/'],
    ['../portage/make.conf', 'make.conf'],
    ['../portages/make.conf', 'outside:/etc/portages/make.conf'],
    ['make.profile', 'outside:/var/db/repos/gentoo/profiles/x'],
    ['make.profile/parent', 'outside:/var/db/repos/gentoo/profiles/x/parent'],
    ['absolute', 'make.conf'],
    ['above', 'outside:/etc/other'],
    ['up', 'make.conf'],
    ['sets/back', 'd:package.use'],
    ['sets/back/one', 'package.use/one'],
    ['dangling', 'missing'],
    ['circle', 'missing'],
    ['chain', 'make.conf'],
    ['top/top/make.conf', 'make.conf'],
    ['through', 'missing'],
  ])('%j leads to %s', (path, target) => {
    expect(word(treeOf(files).resolve(path))).toBe(target);
  });

  it('is followed through forty links, and no more', () => {
    const links = Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`l${index}`, `->l${index + 1}`]));
    const tree = treeOf({ ...links, l41: 'end' });
    expect(word(tree.resolve('l1'))).toBe('l41');
    expect(word(tree.resolve('l0'))).toBe('missing');
  });

  it('is followed from the directory in which the branch is installed', () => {
    const tree = treeOf({ out: '->../x', back: '->/srv/hooks/file', file: '' }, ['srv', 'hooks']);
    expect(['out', 'back', '../../etc'].map((path) => word(tree.resolve(path)))).toEqual([
      'outside:/srv/x',
      'file',
      'outside:/etc',
    ]);
  });
});

describe('the files of a setting', () => {
  const listed = (tree: BranchTree, path: string) => tree.list(path).map((one) => `${one.path} ${word(one.resolved)}`);

  it('are the file, or all files below the directory that Portage reads, in its order', () => {
    const use = ['b', 'a', 'c/z', 'c/.hidden', 'd~', '.e/f', 'CVS/g', 'RCS/h', 'SCCS/i', 'CVSX'];
    const tree = treeOf({ ...Object.fromEntries(use.map((name) => [`use/${name}`, ''])), 'make.conf': '', other: '' });
    expect(listed(tree, 'use')).toEqual(['CVSX', 'a', 'b', 'c/z'].map((name) => `use/${name} use/${name}`));
    expect(listed(tree, 'make.conf')).toEqual(['make.conf make.conf']);
    expect(listed(tree, 'absent')).toEqual([]);
  });

  it('are found through links, by the paths of the links', () => {
    const tree = treeOf({ 'use/one': '', alias: '->use', 'use/gone': '->nowhere', 'use/out': '->/etc/passwd' });
    expect(listed(tree, 'alias')).toEqual(['alias/gone missing', 'alias/one use/one', 'alias/out outside:/etc/passwd']);
  });

  it('are listed once for each directory, however links go round', () => {
    const tree = treeOf({ 'use/one': '', 'use/self': '->.', 'use/more/two': '', 'use/more/up': '->..' });
    expect(listed(tree, 'use')).toEqual(['use/more/two use/more/two', 'use/one use/one']);
  });

  it('may be a thousand with their directories, and no more', () => {
    const many = (count: number) =>
      treeOf(Object.fromEntries(Array.from({ length: count }, (_, index) => [`use/${index}`, ''])));
    expect(many(999).list('use')).toHaveLength(999);
    expect(() => many(1000).list('use')).toThrow(new GitFault('its symbolic links turn it into more than 1000 files'));
  });
});
