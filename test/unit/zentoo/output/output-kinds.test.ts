import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OutputName } from '../../../../src/output-name.ts';
import { outputNames } from '../../../../src/output-name.ts';
import type { OutputKind } from '../../../../src/zentoo/output/output-kind.ts';
import { kindsOf, outputKinds } from '../../../../src/zentoo/output/output-kinds.ts';
import { defaultOutputDirectory } from '../../../../src/zentoo/run/output-directory.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

// If this line is no type error, a kind of output can be added without a module.
// @ts-expect-error -- there is no module for the floppy
const withFloppy: Readonly<Record<OutputName | 'floppy', OutputKind>> = outputKinds;

async function inTemporaryDirectory(work: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-kinds-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('each kind of output has the module of its name, and site.yaml may name it', () => {
  expect(Object.keys(withFloppy)).toEqual([...outputNames]);
  for (const name of outputNames) expect(outputKinds[name].name).toBe(name);
  const schema = readFileSync(new URL('../../../../src/site/site.schema.json', import.meta.url), 'utf8');
  const enums = [...schema.matchAll(/"enum": (\[[^\]]*\])/g)].map(([, list = '[]']) => JSON.parse(list) as unknown);
  expect(enums).toContainEqual([...outputNames]);
});

test('an output that stops the container is made last, whatever the order in the site', () => {
  expect(kindsOf(['image', 'archive']).map(({ name }) => name)).toEqual(['archive', 'image']);
  expect(kindsOf(['archive', 'image', 'archive']).map(({ name }) => name)).toEqual(['archive', 'image']);
  expect(kindsOf(['image']).map(({ name }) => name)).toEqual(['image']);
});

test('without an engine an archive is found in its directory, and an image is unknown', () =>
  inTemporaryDirectory((outputDirectory) => {
    const place = { site: { name: 'net' }, outputDirectory };
    const path = `${outputDirectory}/a.tar.zst`;
    expect(outputKinds.archive.find(place, { name: 'a' })).toEqual({ name: path, found: null });
    expect(outputKinds.image.find(place, { name: 'a' })).toEqual({ name: 'zentoo/net/a:latest', found: undefined });
  }));

test('the output directory is created before a build that writes archives', () =>
  inTemporaryDirectory(async (directory) => {
    using world = new SiteWorld();
    const run = world.run({ directory, tuples: [tupleWithTree()] });
    await outputKinds.image.prepare(run);
    expect(() => readFileSync(defaultOutputDirectory({ directory }))).toThrow('ENOENT');
    await outputKinds.archive.prepare(run);
    expect(() => readFileSync(defaultOutputDirectory({ directory }))).toThrow('EISDIR');
  }));
