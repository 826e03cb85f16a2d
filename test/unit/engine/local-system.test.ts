import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { thisSystem } from '../../../src/engine/local-system.ts';
import { temporaryDirectory } from '../site/git-program.ts';

test('reads a text file; a file that cannot be read has no text', async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'file');
  writeFileSync(file, 'a line\n');
  expect(await thisSystem.readFile(file)).toBe('a line\n');
  expect(await thisSystem.readFile(join(directory.path, 'missing'))).toBeUndefined();
});

test('makes an empty file, and never changes a file that exists', async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'file');
  expect(await thisSystem.makeFile(file)).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('');
  writeFileSync(file, 'kept');
  expect(await thisSystem.makeFile(file)).toBe(false);
  expect(readFileSync(file, 'utf8')).toBe('kept');
  expect(await thisSystem.makeFile(join(directory.path, 'missing/file'))).toBe(false);
});

test('removes a file, also one that is gone already', async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'file');
  writeFileSync(file, '');
  await thisSystem.removeFile(file);
  expect(existsSync(file)).toBe(false);
  await thisSystem.removeFile(file);
});

test('has the host name', () => {
  expect(thisSystem.hostname()).toBe(hostname());
});
