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

test('uses one directory for configuration, root and libraries, and the compiler of the stage', () => {
  const root = crossRoot(chost);
  expect(root).toBe('/usr/x86_64-pc-linux-musl');
  expect(crossEnvironment(chost)).toEqual({ PORTAGE_CONFIGROOT: root, ROOT: root, SYSROOT: root });
  expect(crossSettings('x86_64-pc-linux-gnu')).toEqual({ CBUILD: 'x86_64-pc-linux-gnu' });
});

test('writes settings for the stage itself into its make.conf, because the environment does not apply there', () => {
  expect(nativeSettings({ pkgdir: '/p', distdir: '/d', logdir: '/l' })).toEqual({
    PKGDIR: '/p',
    DISTDIR: '/d',
    PORTAGE_LOGDIR: '/l',
  });
  expect(nativeSettings({ pkgdir: '/p' })).toEqual({ PKGDIR: '/p' });
});

test('links every outermost repository into the root once', () => {
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
  expect(crossObstacle(chost, chost)).toBe('the stage has this CHOST itself');
});
