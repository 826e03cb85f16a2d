import { expect, test } from 'vitest';
import { parsePackageArgument, type PackageArgument } from '../../../src/portage/atom.ts';
import { emergeCommand, emergeEnvironment, syncCommand, webrsyncCommand } from '../../../src/portage/emerge-command.ts';

const packages = ['net-misc/curl', '@world', 'y'].map((text): PackageArgument => {
  const parsed = parsePackageArgument(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
});

test('emerge: options first, the last of them with its value, then the packages', () => {
  expect(emergeCommand({ packages, binpkgs: false })).toEqual([
    'emerge',
    '--quiet=y',
    '--ask=n',
    '--color=n',
    ...packages,
  ]);
  const options = ['--autounmask=y', '--exclude', 'dev-lang/rust', '--verbose'];
  expect(emergeCommand({ packages, options, jobs: 4, binpkgs: true })).toEqual([
    ...['emerge', '--quiet=y', '--ask=n', '--jobs=4', '--usepkg=y', '--binpkg-respect-use=y'],
    ...options,
    '--color=n',
    ...packages,
  ]);
});

test('syncs', () => {
  expect(syncCommand({ quiet: true })).toEqual(['emerge', '--ignore-default-opts', '--sync', '--quiet=y', '--color=n']);
  expect(syncCommand({ quiet: false })).toEqual(['emerge', '--ignore-default-opts', '--sync', '--color=n']);
  expect(syncCommand({ quiet: true, repository: 'guru' }).slice(-2)).toEqual(['--color=n', 'guru']);
  expect(webrsyncCommand({ quiet: true })).toEqual(['emerge-webrsync', '--quiet']);
});

test('the environment adds to what the base configures, and names only what is given', () => {
  const bare = emergeEnvironment({});
  expect(Object.keys(bare).toSorted()).toEqual([
    'CLEAN_DELAY',
    'EMERGE_WARNING_DELAY',
    'FEATURES',
    'LC_MESSAGES',
    'NOCOLOR',
    'NO_COLOR',
  ]);
  expect(bare['FEATURES']?.split(' ')).toEqual(expect.arrayContaining(['-merge-sync', '-merge-wait', '-news']));
  expect(bare['FEATURES']).not.toMatch(/buildpkg|observability/);

  const full = emergeEnvironment({ pkgdir: '/b', distdir: '/d', logdir: '/l', use: 'ssl -ipv6', observability: true });
  expect(full).toMatchObject({ PKGDIR: '/b', DISTDIR: '/d', PORTAGE_LOGDIR: '/l', USE: 'ssl -ipv6' });
  expect(full['FEATURES']?.split(' ')).toEqual(
    expect.arrayContaining(['buildpkg', 'binpkg-multi-instance', 'observability']),
  );
});
