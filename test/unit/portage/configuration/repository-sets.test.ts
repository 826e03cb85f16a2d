import { expect, test } from 'vitest';
import { nameSetOfFile, parseSetsConf } from '../../../../src/portage/configuration/repository-sets.ts';

test('a single set has the name of its section or its own name', () => {
  const text =
    '[kde]\nclass = portage.sets.files.StaticFileSet\nfilename = /x\n[gnome]\nname = desktop\nfilename=/y\nmultiset = no\n';
  expect(parseSetsConf([text])).toMatchObject([
    { type: 'set', name: 'kde', path: '/x' },
    { type: 'set', name: 'desktop', path: '/y' },
  ]);
});

test('a directory defines a set for each file, also without a class', () => {
  const text = `[DEFAULT]\nwhere = sets\n[one]\nclass = portage._sets.files.StaticFileSet\nMultiset = True
directory = \${repository:gentoo}/%(where)s\nname_pattern = lab-$name\n[two]\nmultiset=yes\ndirectory=/srv/sets\n`;
  expect(parseSetsConf([text])).toMatchObject([
    { type: 'directory', path: '${repository:gentoo}/sets', pattern: 'lab-$name' },
    { type: 'directory', path: '/srv/sets', pattern: '${name}' },
  ]);
  expect([nameSetOfFile('lab-$name', 'x$&'), nameSetOfFile('${name}s', 'tool')]).toEqual(['lab-x$&', 'tools']);
});

test('sets of categories are left out, and a damaged file has no sets', () => {
  const text = '[categories]\nclass = portage.sets.dbapi.CategorySet\nmultiset = true\nname_pattern = $category/*\n';
  expect(parseSetsConf([text])).toEqual([]);
  expect(parseSetsConf(['[one]\nmultiset'])).toEqual([]);
});

test.each([
  ['', []],
  ['class = portage.sets.files.StaticFileSet', []],
  ['filename = /x', ['one']],
  ['filename = /x\ngreedy = perhaps', []],
  ['filename = /x\ngreedy = Off', ['one']],
  ['class = StaticFileSet\nfilename = /x', []],
  ['class = files.StaticFileSet\nfilename = /x', ['one']],
  ['class = portage.sets.base.DummyPackageSet', ['one']],
  ['class = portage._sets.dbapi.CategorySet', []],
  ['class = portage._sets.dbapi.CategorySet\ncategory = a', ['one']],
  ['class = my.sets.Set', []],
  ['multiset = yes\ndirectory = /x\nname_pattern = x', []],
  ['multiset = yes\nname_pattern = x-$name', []],
])('a section %j defines the sets %j', (lines, names) => {
  expect(
    parseSetsConf([`[one]\n${lines}\n`]).flatMap((set) => (set.type === 'set' ? [set.name] : ['directory'])),
  ).toEqual(names);
});

test('several files are one configuration', () => {
  const files = ['[DEFAULT]\nfilename = /x\n[one]\nname = a', '[one]\nname = b\n[two]'];
  expect(parseSetsConf(files)).toMatchObject([
    { type: 'set', name: 'b', path: '/x' },
    { type: 'set', name: 'two', path: '/x' },
  ]);
});
