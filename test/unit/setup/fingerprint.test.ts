import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findSuperseded, withTag } from '../../../setup/images/ensure-image.js';
import { fingerprint, isIgnored, parseIgnored, readContext } from '../../../setup/images/fingerprint.js';

let context = '';
const put = async (path: string, text: string) => {
  await mkdir(join(context, path, '..'), { recursive: true });
  await writeFile(join(context, path), text);
};
const names = () => readContext(context).map(([name]) => name);

beforeEach(async () => {
  context = await mkdtemp(join(tmpdir(), 'setup-context-'));
});
afterEach(() => rm(context, { recursive: true }));

test('equal inputs give equal fingerprints, and each part counts', () => {
  expect(fingerprint(['a', { b: 1 }])).toBe(fingerprint(['a', { b: 1 }]));
  expect(fingerprint(['a', 'b'])).not.toBe(fingerprint(['ab']));
  expect(fingerprint([])).toMatch(/^[0-9a-f]{16}$/);
});

test('contents, names and the executable bit count; times do not', async () => {
  await put('Dockerfile', 'FROM x');
  await put('build/run', '#!/bin/sh');
  const first = readContext(context);
  await utimes(join(context, 'Dockerfile'), 1, 1);
  expect(readContext(context)).toEqual(first);
  await chmod(join(context, 'build/run'), 0o755);
  const executable = readContext(context);
  expect(executable).not.toEqual(first);
  await put('Dockerfile', 'FROM y');
  expect(readContext(context)).not.toEqual(executable);
});

test('a .dockerignore that lists what is taken', async () => {
  await put('.dockerignore', '# what counts\n*\n!src\n!setup/bundle.js\n');
  for (const path of ['src/a/b.ts', 'setup/bundle.js', 'setup/start.js', 'node_modules/x/y', 'README.md'])
    await put(path, '');
  expect(names()).toEqual(['setup/bundle.js', 'src/a/b.ts']);
});

test('a .dockerignore that lists what is left out', async () => {
  await put('.dockerignore', 'README.md\n/manifests/\n**/*.log\n');
  for (const path of ['README.md', 'manifests/x', 'etc/README.md', 'etc/a.log', 'b.log', 'c.txt']) await put(path, '');
  expect(names()).toEqual(['.dockerignore', 'c.txt', 'etc/README.md']);
});

test('of the rules of .dockerignore the last that fits decides', () => {
  const rules = parseIgnored('docs\n!docs/keep\ndocs/keep/not.?\n');
  const paths = ['docs/a', 'docs/keep/b', 'docs/keep/not.x', 'docs2'];
  expect(paths.map((path) => isIgnored(path, rules))).toEqual([true, false, true, false]);
});

test('only fingerprints of the same image are superseded', () => {
  const all = ['a:latest', 'a:fingerprint-1', 'a:fingerprint-2', 'a:v1', 'ab:fingerprint-1', 'b:fingerprint-1'];
  expect(findSuperseded(all, 'a:fingerprint-2')).toEqual(['a:fingerprint-1']);
});

test('a name without a tag means latest', () => {
  expect(['a', 'a:1', 'host:5000/a', 'host:5000/a:1'].map(withTag)).toEqual([
    'a:latest',
    'a:1',
    'host:5000/a:latest',
    'host:5000/a:1',
  ]);
});
