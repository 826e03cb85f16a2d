import { expect, test } from 'vitest';
import {
  crossEnvironment,
  crossObstacle,
  crossRoot,
  crossSettings,
  nativeSettings,
  repositoryLinks,
} from '../../../src/portage/cross-root.ts';

const chost = 'x86_64-pc-linux-musl';

test('configuration, root and libraries are in one directory, and the compiler is the one of the stage', () => {
  const root = crossRoot(chost);
  expect(root).toBe('/usr/x86_64-pc-linux-musl');
  expect(crossEnvironment(chost)).toEqual({ PORTAGE_CONFIGROOT: root, ROOT: root, SYSROOT: root });
  expect(crossSettings('x86_64-pc-linux-gnu')).toEqual({ CBUILD: 'x86_64-pc-linux-gnu' });
});

test('what no environment reaches is written into the make.conf of the stage', () => {
  expect(nativeSettings({ pkgdir: '/p', distdir: '/d', logdir: '/l' })).toEqual({
    PKGDIR: '/p',
    DISTDIR: '/d',
    PORTAGE_LOGDIR: '/l',
  });
  expect(nativeSettings({ pkgdir: '/p' })).toEqual({ PKGDIR: '/p' });
});

test('every repository is in the root once, one within another through it', () => {
  const locations = ['/var/db/repos/gentoo/local', '/var/db/repos/gentoo', '/var/db/repos/gentoo-x', '/usr/portage'];
  expect(repositoryLinks(chost, [...locations, '/usr/portage'])).toEqual(
    ['/var/db/repos/gentoo', '/var/db/repos/gentoo-x', '/usr/portage'].map((target) => ({
      path: `/usr/x86_64-pc-linux-musl${target}`,
      target,
    })),
  );
});

test("a stage's own CHOST is none to cross to", () => {
  expect(crossObstacle('x86_64-pc-linux-gnu', chost)).toBeUndefined();
  expect(crossObstacle(chost, chost)).toMatch(/is itself x86_64-pc-linux-musl/);
});
