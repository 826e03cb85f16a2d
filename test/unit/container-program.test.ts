import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { pythonProgram, shellProgram } from '../../src/container-program.ts';
import { projectDirectory } from '../support/documents.ts';

const tree = new URL('../../src/job/tree/', import.meta.url);

it('a shell program gets its name and its arguments, and the functions of the files before it', () => {
  const files = [new URL('tree-stamp.sh', tree), new URL('record-stamp.sh', tree)];
  const command = shellProgram(files, 'the-name', 'work', 'tree', "it's $HOME");
  expect([command.slice(0, 2), command.slice(3)]).toEqual([
    ['/bin/sh', '-c'],
    ['the-name', 'work', 'tree', "it's $HOME"],
  ]);
  const text = command[2] ?? '';
  expect(text.indexOf('stamp() {')).toBeGreaterThan(0);
  expect(text.indexOf('stamp "$tree"')).toBeGreaterThan(text.indexOf('stamp() {'));
});

it('a Python program is isolated from the user', () => {
  const command = pythonProgram(new URL('../../src/store/installed-packages.py', import.meta.url), '/nowhere', 'SLOT');
  expect([command.slice(0, 3), command.slice(4)]).toEqual([
    ['python3', '-I', '-c'],
    ['/nowhere', 'SLOT'],
  ]);
  expect(command[3]).toMatch(/^import |\nimport /);
});

it('a Python program gets the files before it as modules', () => {
  const files = ['verdict.py', 'check-store.py'].map((name) => new URL(`../../src/store/${name}`, import.meta.url));
  const text = pythonProgram(files, 'glance')[3] ?? '';
  const [first = '', ...rest] = text.split('\n');
  expect(first).toMatch(
    /^import sys; sys\.modules\["verdict"\] = .*; exec\(".*", vars\(sys\.modules\["verdict"\]\)\)$/,
  );
  const literal = /exec\((".*"), vars/.exec(first)?.[1] ?? '""';
  expect(JSON.parse(literal)).toContain('class Unverifiable(Exception):\n');
  expect(rest.join('\n')).toMatch(/^"""check-store .*\nfrom verdict import /s);
});

it('a program is a file beside the module that uses it, because the bundle has all programs in its own directory', () => {
  const sources = globSync('**/*.ts', { cwd: join(projectDirectory, 'src') });
  const named = sources.flatMap((path) => {
    const text = readFileSync(join(projectDirectory, 'src', path), 'utf8');
    return [...text.matchAll(/new URL\(\s*['"`](.*?)['"`],\s*import\.meta\.url/g)].map(([, url = '']) => ({
      path,
      url,
    }));
  });
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter(({ url }) => !/^\.\/[\w-]+\.(?:sh|py)$/.test(url))).toEqual([]);
});

it('the bundle has every program under a name that no other program has', () => {
  const names = globSync('**/*.{sh,py}', { cwd: join(projectDirectory, 'src') }).map((path) => basename(path));
  expect(names.length).toBeGreaterThan(40);
  expect(new Set(names).size).toBe(names.length);
});
