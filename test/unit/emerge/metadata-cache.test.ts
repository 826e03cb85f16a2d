import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { metadataWarning, withMetadataCache, type MetadataCacheUse } from '../../../src/emerge/metadata-cache.ts';

const tree = '/var/db/repos/gentoo';
let directory: string;
let cache: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'metadata-cache-'));
  cache = join(directory, 'cache');
  mkdirSync(cache);
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs a command that prints its cache directory and its argument, with small limits unless `use` has others. */
function run(use: Partial<MetadataCacheUse> = {}): readonly string[] {
  const print = ['/bin/sh', '-c', 'echo "in ${PORTAGE_DEPCACHEDIR-the usual place}, $1"', 'sh', 'as $1 "asked"'];
  const command = withMetadataCache({ tree, cache, bytes: 1, files: 1, ...use }, print);
  // The directory of the test takes the place of the work volume.
  const [program = '', ...args] = command.map((word) => word.replace('/var/tmp/portage', directory));
  return execFileSync(program, args).toString().trimEnd().split('\n');
}

describe('case 5.11: a command with a metadata cache', () => {
  it('uses the cache as it is, and writes nothing itself', () => {
    expect(run()).toEqual(['in the usual place, as $1 "asked"']);
    expect(readdirSync(directory)).toEqual(['cache']);
    expect(readdirSync(cache)).toEqual([]);
  });

  it.each([
    ['too few bytes are free', { bytes: Number.MAX_SAFE_INTEGER }, /^its file system has only \d+ MiB free$/],
    ['too few files fit', { files: Number.MAX_SAFE_INTEGER }, /^its file system has room for only \d+ files$/],
  ])('goes on without the cache if %s, and says so', (_what, use, why) => {
    const [said = '', ran] = run(use);
    const [start, fault] = said.split(' is not used: ');
    expect(start).toBe(`!!! metadata cache: the metadata cache in ${cache}`);
    expect(fault).toMatch(why);
    expect(ran).toBe(`in ${directory}/.gentoo-builder/metadata, as $1 "asked"`);
    expect(existsSync(`${directory}/.gentoo-builder/metadata`)).toBe(true);
  });

  it.each(['var', 'var/db/repos', 'var/db/repos/gentoo'])('goes on without a cache in which %s is a file', (path) => {
    mkdirSync(join(cache, path, '..'), { recursive: true });
    writeFileSync(join(cache, path), '');
    expect(run()).toEqual([
      `!!! metadata cache: the metadata cache in ${cache} is not used: ${cache}/${path} is not a directory`,
      `in ${directory}/.gentoo-builder/metadata, as $1 "asked"`,
    ]);
  });

  it('says so in a line that is a warning with a way out', () => {
    expect(metadataWarning('!!! metadata cache: the metadata cache in /c is not used: x')).toEqual({
      type: 'warning',
      message: 'the metadata cache in /c is not used: x',
      hint: 'this build sources the ebuilds itself; make room, or remove the volume of the cache: the next build makes a new one',
    });
  });
});
