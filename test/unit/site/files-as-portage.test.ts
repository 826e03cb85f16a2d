import { describe, expect, test } from 'vitest';
import { findTemporaryDirectories } from '../../../src/site/branch-make-conf.ts';
import { BranchTree } from '../../../src/site/branch-tree.ts';
import { Diagnostics } from '../../../src/site/diagnostics.ts';
import { checkBranchMakeConf } from '../../../src/site/read/check-branch-make-conf.ts';
import { ownSetNames, readOwnSets } from '../../../src/site/read/own-sets.ts';
import { readSetText } from '../../../src/site/read/package-set.ts';
import { notePatchLinks } from '../../../src/site/read/patch-links.ts';
import { entriesOf } from '../../support/corpus.ts';
import type { ConfigurationFiles } from '../portage/configuration/make-conf/generated-files.ts';
import { messagesOf } from '../../support/setting-files/our-readers.ts';

const treeOf = (files: ConfigurationFiles) => new BranchTree(entriesOf(files));
const unchanged = (path: string) => path;

describe('a set file', () => {
  test.each([
    ['a/b\u0085c\n\u001cc/d', ['a/b', 'c/d'], []],
    ['a/b\rc/d\r\n@kde/apps', ['a/b', 'c/d'], ['@kde/apps']],
    ['a/b\u2028@x', ['a/b'], []],
    ['@kde/apps @x', [], ['@kde/apps']],
  ])('%j has the atoms and sets that Portage reads', (text, atoms, sets) => {
    expect(readSetText(text, 'x', 'x').set).toMatchObject({ atoms, sets });
  });

  test.each([
    ['=a/b-1-2', "'=a/b-1-2' is no atom: a set has no builds of a version: leave the build id out"],
    ['=a/b-1-2:0[x]', "'=a/b-1-2:0[x]' is no atom: a set has no builds of a version: leave the build id out"],
    ['\uFEFFa/b', "'\uFEFFa/b' is no atom: contains white space"],
    ['\u0085@a//b', 'a set name has only letters'],
  ])('%j has a line that Portage leaves out', (text, message) => {
    expect(messagesOf(readSetText(text, 'x', 'x').faults)).toEqual([expect.stringContaining(message)]);
  });

  test('of a branch may be in a directory that Portage reads, and then no tuple has its name', () => {
    const files = {
      'sets/a': '@kde/apps',
      'sets/kde/apps': 'a/b',
      'sets/.git/x': '',
      'sets/CVS/x': '',
      'sets/d~/x': '',
    };
    const entries = entriesOf({ ...files, 'sets/to': { link: 'kde' }, 'sets/none': { link: 'nothing' } });
    const sets = readOwnSets(entries, new BranchTree(entries), unchanged, new Diagnostics());
    expect([...sets.keys()]).toEqual(['a', 'kde/apps', 'to', 'none']);
    expect(ownSetNames(entries)).toEqual(['a', 'to', 'none']);
    expect([...sets.values()].flatMap(({ faults }) => messagesOf(faults))).toEqual([
      'sets/to:1:1: it is a symbolic link to a directory: sets are files',
      'sets/none:1:1: it is a symbolic link to a file that does not exist: Portage would take it for an empty set',
    ]);
  });
});

describe('package.env names', () => {
  const values = (text: string) =>
    findTemporaryDirectories(
      treeOf({
        'package.env': text,
        'env/a': 'PORTAGE_TMPDIR=/a',
        b: 'PORTAGE_TMPDIR=/b',
        'env/c': { link: 'd/e' },
        'd/x': '',
      }),
    );

  test.each([
    ['x/y a', ['/a']],
    ['x/y /etc/portage/b', ['/b']],
    ['x/y ../b\rx/y a', ['/b', '/a']],
    ['*/* a', ['/a']],
    ['!=x/y-1* a', ['/a']],
    ['=x/y-1-2\u0085a', ['/a']],
    ['x/y # a', []],
    ['x a', []],
    ['x/y/z a\n[*]/x ../b', []],
    ['\uFEFF*/* a', []],
  ])('in %j the files %j', (text, expected) => {
    expect(values(text)).toEqual(expected);
  });
});

test('a name in package.env that leads to no file is a fault where emerge fails, and otherwise a note', () => {
  const files = {
    'package.env': '# why\na/b  none\nc/d dir to-nothing\ne/f file/below loop\n',
    ...{ 'env/dir/x': '', 'env/file': '', 'env/to-nothing': { link: 'nothing' }, 'env/loop': { link: 'loop' } },
  };
  const diagnostics = new Diagnostics();
  const notes = checkBranchMakeConf(treeOf(files), [], unchanged, diagnostics);
  const at = 'it names /etc/portage/env';
  expect(messagesOf(diagnostics)).toEqual([
    `package.env:4:5: ${at}/file/below, which is below a file, and emerge fails: correct the name`,
    `package.env:4:16: ${at}/loop, which is a symbolic link that leads back to itself, and emerge fails: correct the link`,
  ]);
  expect(notes.map(({ place, message }) => `${place.file}:${place.line}:${place.column}: ${message}`)).toEqual([
    `package.env:2:6: ${at}/none, which does not exist: Portage passes over it`,
    `package.env:3:5: ${at}/dir, which is a directory: Portage passes over it`,
    `package.env:3:9: ${at}/to-nothing, which does not exist: Portage passes over it`,
  ]);
});

describe('a PORTDIR=/old', () => {
  const isRefused = (files: ConfigurationFiles) => {
    const diagnostics = new Diagnostics();
    checkBranchMakeConf(treeOf({ ...files, 'make.conf': 'PORTDIR=/old/' }), [], unchanged, diagnostics);
    return messagesOf(diagnostics).length > 0;
  };

  test.each<[string, ConfigurationFiles]>([
    ['a link', { 'make.profile': { link: '../../old/profiles/x' } }],
    ['an absolute parent', { 'make.profile/parent': '/old/profiles/x # why' }],
    ['a relative parent', { 'make.profile/parent': '../../../old/profiles/x' }],
    ['the parent of a parent', { 'make.profile/parent': '../a', 'a/parent': '.\n/etc/portage/b', 'b/parent': '/old' }],
  ])('is refused with %s below it', (_name, files) => {
    expect(isRefused(files)).toBe(true);
  });

  test.each<[string, ConfigurationFiles]>([
    ['a comment', { 'make.profile/parent': '/new\n# /old/profiles/x' }],
    ['the user profile', { 'make.profile/parent': '/new', 'profile/parent': '/old/profiles/x' }],
    ['a directory of a similar name', { 'make.profile/parent': '/older/x' }],
  ])('is not refused because of %s', (_name, files) => {
    expect(isRefused(files)).toBe(false);
  });
});

test('the patches at which Portage fails are noted, also in linked directories', () => {
  const files = {
    'patches/a': { link: '../dir' },
    'dir/b/.x.patch': { link: 'none' },
    'dir/b/x.diff/y': '',
    'dir/b/y.diff': 'x',
  };
  expect(
    notePatchLinks(treeOf({ ...files, 'dir/b/x.txt': { link: 'none' }, 'dir/x.patch': { link: 'none' } }), unchanged),
  ).toEqual([
    {
      place: { file: 'patches/a/b/.x.patch', line: 1, column: 1 },
      message: 'it is a symbolic link to a file that does not exist: emerge ends with FileNotFoundError',
    },
    {
      place: { file: 'patches/a/b/x.diff', line: 1, column: 1 },
      message: 'it is a directory, and a patch is a file: emerge ends with IsADirectoryError',
    },
  ]);
});
