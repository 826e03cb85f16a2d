import { describe, expect, it } from 'vitest';
import { cpvOf, indexStaging, listStaged } from '../../../../src/store/intake/staging.ts';
import { takeIn } from '../../../../src/store/intake/take-in.ts';
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
    ['a full store', "OSError: [Errno 28] No space left on device: '/x'", 'disk-full', /: no space left on device at /],
    ['a store that Portage cannot write', 'PermissionError: no', 'store-corrupt', /: PermissionError: no$/],
  ])('names %s', async (_name, stderr, code, message) => {
    const { store } = await storeSaying({ stderr: `Traceback\n${stderr}\n` });
    await expect(takeIn(store, '/staging', [])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
      logTail: ['Traceback', stderr],
    });
  });
});

describe('a staging place', () => {
  it('lists the packages of each partition, and nothing else', async () => {
    const { store } = await storeSaying({ stdout: `${present}/a/b/b-1-2.gpkg.tar\nelsewhere/a/b/c\n\n` });
    expect(await listStaged(store)).toEqual([{ partition: present, path: 'a/b/b-1-2.gpkg.tar' }]);
  });

  it.each([
    ['a/b/b-1-2.gpkg.tar', 'a/b-1'],
    ['a/b/b-1-r3-12.xpak', 'a/b-1-r3'],
    ['a/b/b-1.gpkg.tar', ''],
    ['a/b-1-2.gpkg.tar', ''],
  ])('names the package of the file %s', (path, cpv) => {
    expect(cpvOf({ path })).toBe(cpv);
  });

  it('gets the index of the store, which is beside it', async () => {
    const { store, ran } = await storeSaying({});
    await indexStaging(store);
    expect(ran[0]?.command.slice(4)).toEqual(['/var/cache/binpkgs/.store', '/var/cache/binpkgs']);
  });
});
