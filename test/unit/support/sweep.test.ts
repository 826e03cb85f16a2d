import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { isLeft } from '../../support/sweep.ts';
import { chooserOf, uniqueName } from '../../support/unique-name.ts';

const ended = spawnSync(process.execPath, ['--version']).pid;
const nameOfEnded = (word: string) => uniqueName(word).replace(`-${process.pid}-`, `-${ended}-`);

it.each(['tree', 'site-gentoo', 'contract'])('case 6.1: finds the process that chose a name for %s', (word) => {
  expect(chooserOf(uniqueName(word))).toBe(process.pid);
  expect(chooserOf(`zentoo/${uniqueName(word)}/a-b:latest`)).toBe(process.pid);
});

it('leaves the names of processes that run, and names that are not of the tests', () => {
  expect(isLeft(uniqueName('tree'))).toBe(false);
  expect(isLeft('gentoo-builder')).toBe(false);
  expect(isLeft('gentoo-builder-test-tree-000000-1-a-1')).toBe(false);
});

it('case 6.1: takes the names of a process that has ended', () => {
  expect(isLeft(nameOfEnded('tree'))).toBe(true);
  expect(isLeft(`/zentoo-${nameOfEnded('roots')}-binpkgs`)).toBe(true);
});
