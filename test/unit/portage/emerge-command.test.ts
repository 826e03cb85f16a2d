import { expect, test } from 'vitest';
import { parsePackageArgument, type PackageArgument } from '../../../src/portage/atom.ts';
import {
  emergeCommand,
  emergeEnvironment,
  emergeSyncCommand,
  webrsyncCommand,
} from '../../../src/portage/emerge-command.ts';

const packages = ['net-misc/curl', '@world', 'y'].map((text): PackageArgument => {
  const parsed = parsePackageArgument(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
});

test('emerge has options first, the last one with its value, then the packages', () => {
  expect(emergeCommand({ packages, binpkgs: false })).toEqual([
    'emerge',
    '--quiet=y',
    '--ask=n',
    '--color=n',
    ...packages,
  ]);
  const options = ['--autounmask=y', '--exclude', 'dev-lang/rust', '--verbose'];
  expect(emergeCommand({ packages, options, jobs: 4, binpkgs: true })).toEqual([
    ...['emerge', '--quiet=y', '--ask=n', '--jobs=4', '--usepkg=y'],
    ...options,
    '--color=n',
    ...packages,
  ]);
});

test.each([
  ['--usepkgonly', true],
  ['--usepkgonly=y', true],
  ['--usepkgo', true],
  ['--getbinpkgonly', true],
  ['-K', true],
  ['-1K', true],
  ['-G', true],
  ['--usepkgonly=n', false],
  ['--usepkg-exclude=dev-lang/rust', false],
  ['--getbinpkg=y', false],
  ['--keep-going', false],
  ['--autounmask-continue=y', false],
])('case 5.1: --binpkg-respect-use=y is only given with binary packages alone, as in %s', (option, isGiven) => {
  const command = emergeCommand({ packages, options: [option], binpkgs: true });
  expect(command.includes('--binpkg-respect-use=y')).toBe(isGiven);
  expect(emergeCommand({ packages, options: [option], binpkgs: false })).not.toContain('--binpkg-respect-use=y');
});

test('case 5.1: the last of the options about binary packages alone counts', () => {
  const options = ['--usepkgonly', '--usepkgonly=n'];
  expect(emergeCommand({ packages, options, binpkgs: true })).not.toContain('--binpkg-respect-use=y');
  const reversed = options.toReversed();
  expect(emergeCommand({ packages, options: reversed, binpkgs: true })).toContain('--binpkg-respect-use=y');
});

test('case 2.7: protects the files that an engine mounts, which no merge can replace', () => {
  expect(emergeEnvironment({})['CONFIG_PROTECT']).toBe(
    '/etc/hosts /etc/hostname /etc/resolv.conf /sbin/docker-init /usr/sbin/docker-init /usr/bin/docker-init',
  );
  // The same entry in CONFIG_PROTECT_MASK of make.conf would win.
  expect(emergeEnvironment({})['CONFIG_PROTECT_MASK']).toBe(
    '-/etc/hosts -/etc/hostname -/etc/resolv.conf -/sbin/docker-init -/usr/sbin/docker-init -/usr/bin/docker-init',
  );
});

test('sync commands ignore default options and name at most one repository', () => {
  expect(emergeSyncCommand({ quiet: true })).toEqual([
    'emerge',
    '--ignore-default-opts',
    '--sync',
    '--quiet=y',
    '--color=n',
  ]);
  expect(emergeSyncCommand({ quiet: false })).toEqual(['emerge', '--ignore-default-opts', '--sync', '--color=n']);
  expect(emergeSyncCommand({ quiet: true, repository: 'guru' }).slice(-2)).toEqual(['--color=n', 'guru']);
  expect(webrsyncCommand({ quiet: true })).toEqual(['emerge-webrsync', '--quiet']);
});

test('the environment adds to the configuration of the base, and names only given settings', () => {
  const bare = emergeEnvironment({});
  expect(Object.keys(bare).toSorted()).toEqual([
    'CLEAN_DELAY',
    'CONFIG_PROTECT',
    'CONFIG_PROTECT_MASK',
    'EMERGE_WARNING_DELAY',
    'FEATURES',
    'LC_MESSAGES',
    'NOCOLOR',
    'NO_COLOR',
    'PORTAGE_DEPCACHEDIR',
  ]);
  expect(bare['FEATURES']?.split(' ')).toEqual(expect.arrayContaining(['-merge-sync', '-merge-wait', '-news']));
  expect(bare['FEATURES']).not.toMatch(/buildpkg|observability/);

  const full = emergeEnvironment({
    pkgdir: '/b',
    distdir: '/d',
    logdir: '/l',
    use: 'ssl -ipv6',
    observability: true,
    tmpdir: '/t',
  });
  expect(full).toMatchObject({
    PKGDIR: '/b',
    DISTDIR: '/d',
    PORTAGE_TMPDIR: '/t',
    PORTAGE_LOGDIR: '/l',
    USE: 'ssl -ipv6',
  });
  expect(full['FEATURES']?.split(' ')).toEqual(
    expect.arrayContaining(['buildpkg', 'binpkg-multi-instance', 'observability']),
  );
});

test('emerge gets the number of jobs and the free space of the build directory only if they are given', () => {
  expect(emergeCommand({ packages, freeGib: 3, binpkgs: false })).toEqual([
    ...['emerge', '--quiet=y', '--ask=n', '--jobs-tmpdir-require-free-gb=3', '--color=n', ...packages],
  ]);
  expect(webrsyncCommand({ quiet: false })).toEqual(['emerge-webrsync']);
});

test('the environment keeps output plain and English, and does not wait for anybody', () => {
  expect(emergeEnvironment({ use: '' })).toEqual({
    FEATURES: expect.any(String) as string,
    CONFIG_PROTECT: expect.any(String) as string,
    CONFIG_PROTECT_MASK: expect.any(String) as string,
    PORTAGE_DEPCACHEDIR: '/var/cache/edb/dep',
    ...{ NOCOLOR: 'true', NO_COLOR: '1', LC_MESSAGES: 'C.UTF-8', CLEAN_DELAY: '0', EMERGE_WARNING_DELAY: '0' },
  });
});

test('messages of packages are saved where build logs are kept, and only there', () => {
  expect(emergeEnvironment({ logdir: '/l' })).toMatchObject({
    ...{ PORTAGE_LOGDIR: '/l', PORTAGE_ELOG_SYSTEM: 'save:log,warn,error' },
  });
  expect(emergeEnvironment({ pkgdir: '/b' })).not.toHaveProperty('PORTAGE_ELOG_SYSTEM');
});

test('binary packages are made also if only make.conf says where', () => {
  const featuresOf = (request: Parameters<typeof emergeEnvironment>[0]) => emergeEnvironment(request)['FEATURES'];
  expect(featuresOf({ packaging: true })).toMatch(/ buildpkg binpkg-multi-instance$/);
  expect(featuresOf({ packaging: false, pkgdir: '/b' })).not.toContain('buildpkg');
  expect(featuresOf({ observability: true })).toMatch(/ observability$/);
});

test('case 1.4: signatures of binary packages do not matter if all are the own ones', () => {
  const featuresOf = (request: Parameters<typeof emergeEnvironment>[0]) => emergeEnvironment(request)['FEATURES'];
  expect(featuresOf({ ownPackagesOnly: true })).toMatch(/ -binpkg-request-signature binpkg-ignore-signature$/);
  expect(featuresOf({ ownPackagesOnly: false })).not.toContain('signature');
  expect(featuresOf({})).not.toContain('signature');
});
