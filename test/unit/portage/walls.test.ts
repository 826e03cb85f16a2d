import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { help } from '../../../src/cli/help.ts';

const source = join(import.meta.dirname, '../../../src');

/** The keys of site.yaml as a text would name them: `big-packages`, `cross: true`, `optimize: system`. */
function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const properties: unknown = 'properties' in schema ? schema.properties : {};
  const own = Object.entries(properties ?? {}).flatMap(([key, value]: [string, unknown]) => {
    if (key.includes('-')) return [key];
    if (typeof value !== 'object' || value === null) return [];
    const values = 'enum' in value && Array.isArray(value.enum) ? value.enum : [];
    return ('type' in value && value.type === 'boolean' ? [true, false] : values).map(
      (one) => `${key}: ${String(one)}`,
    );
  });
  return [...own, ...Object.values(schema).flatMap(keysOf)];
}

const schema: unknown = JSON.parse(readFileSync(join(source, 'site/site.schema.json'), 'utf8'));

// emerge has options of these names as well.
const ofEmerge = ['--help', '--jobs', '--version'];
const options = (help.match(/--[a-z][a-z-]+/g) ?? []).filter((option) => !ofEmerge.includes(option));
const names = [
  ...new Set([
    ...options,
    ...keysOf(schema),
    'tmpfs: ',
    'site.yaml',
    'site.lock',
    'config/portage',
    'zentoo',
    'gentoo-builder',
    'docker',
    'the engine',
    'mounted',
  ]),
];

test('knows options, keys and files to look for', () => {
  expect(names).toEqual(
    expect.arrayContaining(['--tmpfs', '--no-sync', '--emerge-option', 'big-packages', 'cross: true']),
  );
});

test('portage/ names no option, key, file or command of the programs, and no engine', () => {
  const found = globSync('portage/**/*.ts', { cwd: source }).flatMap((file) =>
    readFileSync(join(source, file), 'utf8')
      .split('\n')
      // Comments may point to what uses a module.
      .filter((line) => !/^\s*(?:\/\*\*|\*|\/\/)/.test(line))
      .flatMap((line) => names.filter((name) => nameIn(name, line)).map((name) => `${file}: ${name}: ${line.trim()}`)),
  );
  expect(found).toEqual([]);
});

/** A name is found within quotes only: outside, `tmpfs: ` is a property. */
function nameIn(name: string, line: string): boolean {
  const quoted = line.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];
  return quoted.some((text) => new RegExp(`(?<![\\w-])${name.replaceAll('.', String.raw`\.`)}(?![\\w-])`).test(text));
}
