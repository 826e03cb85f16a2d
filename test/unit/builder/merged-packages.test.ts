import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../../src/builder/merged-packages.ts';
import type { PackageArgument } from '../../../src/portage/atom.ts';

const merged = [
  'app-misc/hello-2.10',
  'app-misc/hello-extra-1',
  'dev-libs/a-1.2.3_rc4-r5',
  'dev-libs/b-1',
  'dev-libs/b-2',
  'media-fonts/font-75dpi-1.0',
  'not-a-version',
];

describe('the version of a requested package', () => {
  it.each([
    ['app-misc/hello', '2.10'],
    ['hello', '2.10'],
    ['app-misc/hello:0', '2.10'],
    ['app-misc/hello[nls]', '2.10'],
    ['app-misc/hello::gentoo', '2.10'],
    ['dev-libs/a', '1.2.3_rc4-r5'],
    ['=dev-libs/a-1.2.3_rc4-r5', '1.2.3_rc4-r5'],
    ['~dev-libs/a-1.2.3_rc4', '1.2.3_rc4-r5'],
    ['>=dev-libs/a-1', '1.2.3_rc4-r5'],
    ['=dev-libs/a-1*', '1.2.3_rc4-r5'],
    ['>a-1', '1.2.3_rc4-r5'],
    ['=dev-libs/b-2', '2'],
    ['font-75dpi', '1.0'],
  ])('%s is %s', (atom, version) => {
    expect(packageVersion(atom as PackageArgument, merged)).toBe(version);
  });

  it.each(['ello', 'misc/hello', 'app-misc/hell', 'other/hello', 'app-misc', '@world', 'not-a-version'])(
    '%s has no version: it names no merged package',
    (atom) => {
      expect(packageVersion(atom as PackageArgument, merged)).toBeUndefined();
    },
  );
});
