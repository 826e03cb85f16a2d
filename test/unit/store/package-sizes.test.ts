import { expect, it } from 'vitest';
import { measurePackages } from '../../../src/store/package-sizes.ts';
import { storeSaying } from './answering-store.ts';

it('measures the packages of a root and their binary packages', async () => {
  const sizes = { 'a/b-1': { installed: 12, binary: null } };
  const answer = { stdout: JSON.stringify(sizes) };
  const { store, ran } = await storeSaying(answer, answer);
  expect(await measurePackages(store, { root: '/usr/x86_64-pc-linux-musl', pkgdir: '/packages' })).toEqual(sizes);
  expect(await measurePackages(store, {})).toEqual(sizes);
  expect(ran.map(({ command }) => command.slice(4))).toEqual([
    ['/usr/x86_64-pc-linux-musl/var/db/pkg', '/packages'],
    ['/var/db/pkg', ''],
  ]);
});

it.each(['', '{"a/b-1":', '{"a/b-1":{"installed":-1,"binary":null}}'])(
  'knows no size if the answer is %j',
  async (stdout) => {
    const { store } = await storeSaying({ stdout });
    expect(await measurePackages(store, {})).toEqual({});
  },
);
