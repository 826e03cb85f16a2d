import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepLicences } from '../../../setup/images/bootstrap-debian.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gentoo-builder-test-'));
  for (const path of ['doc/gcc/examples', 'elsewhere']) mkdirSync(join(directory, path), { recursive: true });
  for (const path of ['doc/gcc/copyright', 'doc/gcc/README', 'doc/gcc/examples/one', 'elsewhere/kept'])
    writeFileSync(join(directory, path), '');
});
afterEach(() => rmSync(directory, { recursive: true }));

const exists = (path: string) => existsSync(join(directory, path));

test('of the documents of packages, the licences stay', () => {
  keepLicences(join(directory, 'doc'));
  expect(['doc/gcc/copyright', 'doc/gcc/README', 'doc/gcc/examples/one'].map(exists)).toEqual([true, false, false]);
});

test('links are removed, and what they lead to is not', () => {
  symlinkSync('gcc', join(directory, 'doc/a-package'));
  symlinkSync('../elsewhere', join(directory, 'doc/another'));
  keepLicences(join(directory, 'doc'));
  expect(['doc/a-package', 'doc/another', 'doc/gcc/copyright', 'elsewhere/kept'].map(exists)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
