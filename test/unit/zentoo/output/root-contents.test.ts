import { describe, expect, it } from 'vitest';
import {
  archiveCommand,
  archiveComplaints,
  importCommand,
  readArchiveEnd,
  surveyCommand,
  type RootSurvey,
} from '../../../../src/zentoo/output/root-contents.ts';

const survey: RootSurvey = {
  mounts: [
    { path: '/', isDirectory: true },
    { path: '/proc', isDirectory: true },
    { path: '/etc/hosts', isDirectory: false },
    { path: '/mnt/a*[b]? c\\\n', isDirectory: true },
    { path: '/target/var/tree', isDirectory: true },
  ],
  complaints: [],
  engineFiles: ['/.dockerenv'],
};

const exclusions = (root: string) =>
  archiveCommand(root, survey)
    .filter((word) => word.startsWith('--exclude='))
    .map((word) => word.slice('--exclude='.length));

describe('the files that an archive leaves out', () => {
  it('are the contents of mounted directories, mounted files, and files that the engine made', () => {
    expect(exclusions('/')).toEqual(expect.arrayContaining(['./etc/hosts', './.dockerenv', './target/var/tree/?*']));
    expect(exclusions('/')).toContain(String.raw`./mnt/a\*\[b\]\? c` + '\\\\\n/?*');
  });

  it('is named once, and never the root itself', () => {
    const all = exclusions('/');
    expect(all.filter((pattern) => pattern === './proc/?*')).toHaveLength(1);
    expect(all.every((pattern) => /^\.\/[^?]/.test(pattern))).toBe(true);
  });

  it('is relative to another root', () => {
    expect(exclusions('/target')).toContain('./var/tree/?*');
    expect(exclusions('/target/')).toEqual(exclusions('/target'));
    expect(exclusions('/targ')).not.toContain('./var/tree/?*');
    expect(exclusions('/target')).not.toContain('./etc/hosts');
  });
});

it.each([
  'proc',
  'sys',
  'dev',
  'run',
  'tmp',
  'var/tmp',
  'var/cache/edb',
  'var/cache/binhost',
  'var/cache/binpkgs',
  'var/cache/distfiles',
])('the directory %s is empty in an archive', (path) => {
  expect(exclusions('/')).toContain(`./${path}/?*`);
});

/** What a root loses without the option; tar(1). */
const kept = [
  ['names of any length and times to the nanosecond', '--format=posix'],
  ['the same bytes at each run', '--pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f'],
  ['the order of names', '--sort=name'],
  ['owners that the reader does not know', '--numeric-owner'],
  ['extended attributes', '--xattrs'],
  ['capabilities of files', '--xattrs-include=*'],
  ['ACLs', '--acls'],
  ['holes', '--sparse'],
] as const;

it.each<readonly [string, string]>([
  ...kept,
  ['no labels of the engine', '--no-selinux'],
  ['no labels of the engine', '--xattrs-exclude=security.selinux'],
])('an archive has %s by %s', (_what, option) => {
  expect(archiveCommand('/', survey)).toContain(option);
  // The survey tries the options of the archive, so that a tar without one is found before.
  expect(surveyCommand('/')).toContain(option);
});

it('an archive is written to standard output, with its size on standard error, and patterns match from the top', () => {
  const command = archiveCommand('/target', survey);
  const expected = [
    '--create',
    '--file=-',
    '--totals',
    '--directory=/target',
    '--anchored',
    '--wildcards',
    '--wildcards-match-slash',
  ];
  expect(command).toEqual(expect.arrayContaining(expected));
  expect(command.at(-1)).toBe('.');
});

it('an import has the whole root with owners, attributes and ACLs, and no other file system', () => {
  expect(importCommand('/target').slice(4)).toEqual([
    ...['--create', '--file=-', '--totals', '--one-file-system', '--numeric-owner', '--xattrs', '--acls'],
    ...['--directory=/target', '.'],
  ]);
});

describe('the end of an archive', () => {
  it('is known by its last line and by the count of tar itself', () => {
    const text = '\ntar: ./s: socket ignored\nTotal bytes written: 10240 (10KiB, 1MiB/s)\n\nended 0\n\n';
    expect(readArchiveEnd(text)).toEqual({ status: 0, written: 10240 });
    expect(archiveComplaints(text)).toEqual([]);
  });

  it.each(['', 'Total bytes written: 10240 (10KiB)\n', 'ended 0', 'ended 0\ntar: more\n', 'unended 0\n'])(
    'is not in %j',
    (text) => {
      expect(readArchiveEnd(text)).toBeUndefined();
    },
  );

  it('without a count tells no size', () => {
    expect(readArchiveEnd('tar: killed\nended 137\n')).toEqual({ status: 137, written: undefined });
    expect(archiveComplaints('tar: killed\nended 137\n')).toEqual(['tar: killed']);
  });
});
