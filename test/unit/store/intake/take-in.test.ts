import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cpvOf, indexStaging, listStaged } from '../../../../src/store/intake/staging.ts';
import { takeIn } from '../../../../src/store/intake/take-in.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { storeSaying } from '../answering-store.ts';

const nothing = { taken: [], refused: [] };
const present = 'x86_64-pc-linux-gnu/generic/default-v2-0123456789ab';

describe('the intake of new packages', () => {
  it('asks for the expected packages, one per argument, and returns what was taken and refused', async () => {
    const answer = {
      taken: [{ path: 'a/b/b-1-2.gpkg.tar', cpv: 'a/b-1', buildId: 3 }],
      refused: [{ path: 'a/c/c-1-1.gpkg.tar', cpv: 'a/c-1', why: 'it was not planned', expected: false, again: false }],
    };
    const { store, ran } = await storeSaying({ stdout: `a message\n${JSON.stringify(answer)}\n` });
    const expected = [
      { cpv: 'a/b-1', slot: '0' },
      { cpv: 'a/d-1', missingOnly: true, anyFlags: true },
    ] as const;
    expect(await takeIn(store, '/staging', expected)).toEqual(answer);
    expect(ran[0]?.command.slice(4)).toEqual([
      '/staging',
      '/var/cache/binpkgs/x86_64-pc-linux-gnu/generic/default-0123456789ab',
      '/var/cache/binpkgs/quarantine/x86_64-pc-linux-gnu/generic/default-0123456789ab',
      '{"cpv":"a/b-1","slot":"0"}',
      '{"cpv":"a/d-1","missingOnly":true,"anyFlags":true}',
    ]);
    expect(ran[0]?.command[3]).toContain('take-in STAGING');
  });

  it('asks with the environment of the root', async () => {
    const { store, ran } = await storeSaying({ stdout: JSON.stringify(nothing) });
    await takeIn({ ...store, environment: { ROOT: '/x' } }, '/staging', []);
    expect(ran[0]?.environment).toEqual({ ROOT: '/x' });
  });

  it.each([
    {
      what: 'a full store',
      stderr: "OSError: [Errno 28] No space left on device: '/x'",
      code: 'disk-full',
      message: 'failed to take new packages into the store: no space left on device at /var/cache/binpkgs',
      hint: 'free space in the volume or directory that is mounted at /var/cache/binpkgs',
    },
    {
      what: 'a store that Portage cannot write',
      stderr: 'PermissionError: no',
      code: 'store-corrupt',
      message: 'failed to take new packages into the store: PermissionError: no',
      hint: 'read the output of Portage above: the store may be full, or mounted read-only',
    },
  ])('names $what', async ({ stderr, code, message, hint }) => {
    const { store } = await storeSaying({ stderr: `Traceback\n${stderr}\n` });
    await expect(takeIn(store, '/staging', [])).rejects.toMatchObject({
      ...{ code, message, hint },
      logTail: ['Traceback', stderr],
    });
  });

  it('passes on what is no failure of the program', async () => {
    const { store } = await storeSaying({});
    const lost = new Error('lost');
    await expect(takeIn({ ...store, run: () => Promise.reject(lost) }, '/staging', [])).rejects.toBe(lost);
  });

  it.each([
    { taken: [{ path: 'p', cpv: 'c', buildId: 1.5 }], refused: [] },
    { taken: [{ path: 'p', buildId: 1 }], refused: [] },
    { taken: [], refused: [{ path: 'p', cpv: 'c', why: 'w', expected: 'no', again: false }] },
    { taken: [], refused: [{ path: 'p', cpv: 'c', expected: true, again: false }] },
    { taken: [] },
  ])('refuses an incomplete answer: %j', async (answer) => {
    const { store } = await storeSaying({ stdout: JSON.stringify(answer), stderr: 'last' });
    await expect(takeIn(store, '/staging', [])).rejects.toMatchObject({ code: 'store-corrupt' });
  });
});

describe('a staging place', () => {
  it('lists the packages of each partition, and nothing else', async () => {
    const { store } = await storeSaying({ stdout: `${present}/a/b/b-1-2.gpkg.tar\nelsewhere/a/b/c\n\n` });
    expect(await listStaged(store)).toEqual([{ partition: present, path: 'a/b/b-1-2.gpkg.tar' }]);
  });

  it('is listed by a program that finds the packages of partitions, but no index, empty file or link to a partition', async () => {
    using place = temporaryDirectory();
    const write = (path: string, content = 'x') => {
      mkdirSync(dirname(join(place.path, path)), { recursive: true });
      writeFileSync(join(place.path, path), content);
    };
    const former = present.replace('-v2', '');
    for (const path of ['a/b/b-1-2.gpkg.tar', 'a/c/c-1-1.xpak', 'a/d/d-1.tbz2']) write(`${present}/${path}`);
    for (const path of [`${present}/Packages`, `${present}/a.xpak`, `${former}/a/b/b-1-1.xpak`]) write(path);
    write(`${present}/a/e/e-1-1.xpak`, '');
    symlinkSync(join(place.path, present), join(place.path, present.replace('default', 'link')));
    const { store, ran } = await storeSaying({});
    await listStaged(store);
    const [program = '', ...args] = ran[0]?.command ?? [];
    expect(args.slice(2)).toEqual(['zentoo-staged', '/var/cache/binpkgs']);
    const printed = execFileSync(program, [...args.slice(0, -1), place.path], { encoding: 'utf8' });
    const { store: printing } = await storeSaying({ stdout: printed });
    const staged = await listStaged(printing);
    expect(staged.map(({ partition }) => partition)).toEqual([present, present, present]);
    expect(staged.map(({ path }) => path).toSorted()).toEqual(['a/b/b-1-2.gpkg.tar', 'a/c/c-1-1.xpak', 'a/d/d-1.tbz2']);
  });

  it.each([
    ['a/b/b-1-2.gpkg.tar', 'a/b-1'],
    ['a/b/b-1-r3-12.xpak', 'a/b-1-r3'],
    ['app-misc/hello/hello-2.10-1.gpkg.tar', 'app-misc/hello-2.10'],
    ['app-misc/hello/hello-2.10-1.gpkg.tar.new', ''],
    ['app-misc/hello/hallo-2.10-1.gpkg.tar', ''],
    ['x/app-misc/hello/hello-2.10-1.gpkg.tar', ''],
    ['a/b/b-1.gpkg.tar', ''],
    ['a/b-1-2.gpkg.tar', ''],
  ])('names the package of the file %s', (path, cpv) => {
    expect(cpvOf({ path })).toBe(cpv);
  });

  it('gets the index of the store, which is beside it', async () => {
    const { store, ran } = await storeSaying({});
    await indexStaging(store);
    expect(ran[0]?.command.slice(4)).toEqual(['/var/cache/binpkgs/.store', '/var/cache/binpkgs']);
    expect(ran[0]?.command[3]).toContain('stage-index STORE STAGING');
  });

  it.each([
    ['Traceback\n  File\nKeyError: x\n\n', 'KeyError: x'],
    ['\n', 'the program printed no error'],
  ])('is a failure without that index: %j', async (stderr, cause) => {
    const { store } = await storeSaying({ exitCode: 1, stderr });
    await expect(indexStaging(store)).rejects.toMatchObject({
      code: 'store-corrupt',
      message: `failed to read the indexes of the store: ${cause}`,
      hint: 'check that the stage has python3, and that the store is readable',
    });
  });
});
