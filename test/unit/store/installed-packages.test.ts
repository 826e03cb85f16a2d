import { describe, expect, it } from 'vitest';
import { listInstalledPackages, parseInstalledPackages } from '../../../src/store/installed-packages.ts';
import { storeSaying } from './answering-store.ts';

const entry = {
  cpv: 'a/b-1',
  SLOT: '0/3',
  repository: 'r',
  USE: '',
  IUSE: '',
  BUILD_ID: '10',
  BUILD_TIME: '1795378938',
  CHOST: 'c',
  CFLAGS: '-O2 -pipe',
  SIZE: '12',
  COUNTER: '4',
};

describe('an entry of the package database', () => {
  const read = (parts: Partial<typeof entry>) => parseInstalledPackages(JSON.stringify([{ ...entry, ...parts }]))?.[0];

  it('is read with all its parts', () => {
    expect(read({})).toEqual({
      cpv: 'a/b-1',
      slot: '0/3',
      repository: 'r',
      use: { enabled: [], disabled: [] },
      buildId: 10,
      buildTime: 1795378938,
      chost: 'c',
      cflags: '-O2 -pipe',
      size: 12,
      counter: 4,
    });
  });

  it('has only the flags of IUSE, whatever their defaults', () => {
    expect(read({ USE: 'amd64 elibc_glibc nls ssl', IUSE: '+ssl -nls doc doc +test' })?.use).toEqual({
      enabled: ['nls', 'ssl'],
      disabled: ['doc', 'test'],
    });
  });

  it.each(['', 'never', '-1', '1.5', '1'.repeat(16)])('has no number if the file has %j', (text) => {
    expect(read({ BUILD_TIME: text, COUNTER: text })).toMatchObject({ buildTime: undefined, counter: undefined });
  });

  it.each(['[{"cpv": ', '', '[{"cpv":"a/b-1"}]', 'null'])(
    'is refused if the answer is cut or lacks a key: %j',
    (text) => {
      expect(parseInstalledPackages(text)).toBeUndefined();
    },
  );
});

describe('listing the installed packages', () => {
  it('reads the database of the root, whether its path ends with a slash or not', async () => {
    for (const [root, database] of [
      ['/', '/var/db/pkg'],
      ['/usr/x86_64-pc-linux-musl/', '/usr/x86_64-pc-linux-musl/var/db/pkg'],
      ['/usr/x86_64-pc-linux-musl', '/usr/x86_64-pc-linux-musl/var/db/pkg'],
    ] as const) {
      const { store, ran } = await storeSaying({ stdout: JSON.stringify([entry]) });
      expect(await listInstalledPackages(store, root)).toMatchObject([{ cpv: 'a/b-1' }]);
      expect(ran[0]?.command.slice(4, 6)).toEqual([database, 'SLOT']);
    }
  });

  it.each([
    ['its error output', { stdout: '[', stderr: 'python3: not found\n' }, ['python3: not found']],
    ['its output if there is no other', { stdout: 'nonsense' }, ['nonsense']],
  ])('fails with %s', async (_name, output, logTail) => {
    const { store } = await storeSaying(output);
    await expect(listInstalledPackages(store)).rejects.toMatchObject({
      code: 'base-unusable',
      message: 'failed to list the installed packages: /var/db/pkg could not be read',
      logTail,
    });
  });
});
