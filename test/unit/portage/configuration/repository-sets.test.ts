import { expect, test } from 'vitest';
import { nameSetOfFile, parseSetsConf } from '../../../../src/portage/configuration/repository-sets.ts';

test('a single set has the name of its section or its own name', () => {
  const text =
    '[kde]\nclass = portage.sets.files.StaticFileSet\nfilename = /x\n[gnome]\nname = desktop\nmultiset = no\n';
  expect(parseSetsConf(text)).toEqual([
    { type: 'set', name: 'kde' },
    { type: 'set', name: 'desktop' },
  ]);
});

test('a directory defines a set for each file, also without a class', () => {
  const text = `[DEFAULT]\nwhere = sets\n[one]\nclass = portage._sets.files.StaticFileSet\nMultiset = True
directory = \${repository:gentoo}/%(where)s\nname_pattern = lab-$name\n[two]\nmultiset=yes\ndirectory=/srv/sets\n`;
  expect(parseSetsConf(text)).toEqual([
    { type: 'directory', path: '${repository:gentoo}/sets', pattern: 'lab-$name' },
    { type: 'directory', path: '/srv/sets', pattern: '${name}' },
  ]);
  expect([nameSetOfFile('lab-$name', 'x$&'), nameSetOfFile('${name}s', 'tool')]).toEqual(['lab-x$&', 'tools']);
});

test('sets of categories are left out, and a damaged file has no sets', () => {
  const text = '[categories]\nclass = portage.sets.dbapi.CategorySet\nmultiset = true\nname_pattern = $category/*\n';
  expect(parseSetsConf(text)).toEqual([]);
  expect(parseSetsConf('[one]\nmultiset')).toEqual([]);
});
