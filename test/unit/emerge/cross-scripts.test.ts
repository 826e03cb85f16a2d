import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linkRepositoriesCommand, unlinkRepositoriesCommand } from '../../../src/emerge/cross-scripts.ts';
import type { RepositoryLink } from '../../../src/portage/cross-root.ts';

let directory: string;
let links: readonly RepositoryLink[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cross-scripts-'));
  links = ['gentoo', 'with space'].map((name) => {
    mkdirSync(join(directory, 'repos', name), { recursive: true });
    writeFileSync(join(directory, 'repos', name, 'file'), name);
    return { path: join(directory, 'root/repos', name), target: join(directory, 'repos', name) };
  });
});
afterEach(() => rmSync(directory, { recursive: true }));

function run([program = '', ...args]: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

test('links repositories, also a second time, and replaces the links with empty directories', () => {
  mkdirSync(join(directory, 'root/repos/gentoo'), { recursive: true });
  run(linkRepositoriesCommand(links));
  run(linkRepositoriesCommand(links));
  for (const { path, target } of links) expect(readlinkSync(path)).toBe(target);
  expect(readFileSync(join(directory, 'root/repos/with space/file'), 'utf8')).toBe('with space');
  run(unlinkRepositoriesCommand(links));
  run(unlinkRepositoriesCommand(links));
  for (const { path, target } of links) {
    expect(lstatSync(path).isDirectory()).toBe(true);
    expect(readdirSync(path)).toEqual([]);
    expect(existsSync(join(target, 'file'))).toBe(true);
  }
});

test('does not replace a directory that has files', () => {
  mkdirSync(join(directory, 'root/repos/gentoo/own'), { recursive: true });
  expect(() => run(linkRepositoriesCommand(links))).toThrow(/not empty/i);
  expect(existsSync(join(directory, 'root/repos/gentoo/own'))).toBe(true);
});
