import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLockWritable, readSiteLock, writeSiteLock } from '../../../../src/zentoo/run/site-lock.ts';
import { temporaryDirectory } from '../../site/git-program.ts';

const commit = '12e4567890'.repeat(4);

const permutations = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

describe('the lock file of a site', () => {
  it('is written sorted and with a heading, without a temporary file left, and is read back', () => {
    using site = temporaryDirectory();
    const revisions = new Map([
      ['zeta', 'Sun, 22 Nov 2026 21:00:56 +0000'],
      ['gentoo', commit],
      ['1', 'files-00'],
      ['__proto__', '12e4'],
    ]);
    writeSiteLock(site.path, revisions);
    expect(readSiteLock(site.path)).toEqual(revisions);
    expect(readdirSync(site.path)).toEqual(['site.lock']);
    expect(readFileSync(join(site.path, 'site.lock'), 'utf8')).toMatch(
      /^# The revisions of[^]*\nformat: 1\nrepositories:\n[^]*gentoo: "12e/,
    );
    writeSiteLock(site.path, new Map());
    expect(readSiteLock(site.path)).toEqual(new Map());
  });

  it('is the same text for the same revisions in any order', () => {
    using site = temporaryDirectory();
    const revisions: (readonly [string, string])[] = [
      ['zeta', 'Sun, 22 Nov 2026 21:00:56 +0000'],
      ['gentoo', commit],
      ['guru', 'files-00'],
    ];
    for (const [first = 0, second = 0, third = 0] of permutations) {
      const shuffled = [first, second, third].flatMap((index) => revisions.slice(index, index + 1));
      writeSiteLock(site.path, new Map(shuffled));
      expect(readFileSync(join(site.path, 'site.lock'), 'utf8')).toBe(`\
# The revisions of this site's ebuild repositories after the last sync, written by \`zentoo sync\`.
# Keep this file under version control: zentoo warns if a tree has another revision.
format: 1
repositories:
  gentoo: "${commit}"
  guru: "files-00"
  zeta: "Sun, 22 Nov 2026 21:00:56 +0000"
`);
    }
  });

  it.each([
    ['a device', (path: string) => symlinkSync('/dev/zero', path)],
    ['far too long', (path: string) => writeFileSync(path, '#'.repeat(1024 * 1024 + 1))],
  ])('is refused if it is %s', (_what, make) => {
    using site = temporaryDirectory();
    make(join(site.path, 'site.lock'));
    expect(() => readSiteLock(site.path)).toThrow('site.lock:1:1: the file is not a lock file');
  });

  it('has no revisions if the file does not exist', () => {
    using site = temporaryDirectory();
    expect(readSiteLock(site.path)).toEqual(new Map());
  });

  it('keeps a revision that looks like a number as a text', () => {
    using site = temporaryDirectory();
    writeFileSync(join(site.path, 'site.lock'), 'repositories:\n  gentoo: 12e4\n  other: 0x10\n  third: null\n');
    expect([...readSiteLock(site.path).values()]).toEqual(['12e4', '0x10', 'null']);
  });

  it.each([
    ['nothing', ''],
    ['text', 'what is this'],
    ['broken YAML', 'repositories: ['],
    ['two keys of one name', 'repositories: {}\nrepositories: {}\n'],
    ['a list', 'repositories: [a, b]\n'],
    ['a map of maps', 'repositories: { gentoo: { commit: a } }\n'],
    ['a map with a list', 'repositories: { gentoo: [a] }\n'],
    ['anchors', 'a: &a [x]\nrepositories: { gentoo: *a }\n'],
    ['anchors that expand without end', 'a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nrepositories: { gentoo: *c }\n'],
    ['itself', 'repositories: &r { gentoo: *r }\n'],
    ['what conflicts with another', '<<<<<<< HEAD\nrepositories: {}\n=======\n>>>>>>> other\n'],
    ['a format that is no number', 'format: two\nrepositories: {}\n'],
    ['a byte of zero', 'repositories: { gentoo: "a" }\n\0'],
  ])('is refused with file, line and column if it has %s', (_what, text) => {
    using site = temporaryDirectory();
    writeFileSync(join(site.path, 'site.lock'), text);
    expect(() => readSiteLock(site.path)).toThrow(
      expect.objectContaining({
        code: 'site-invalid',
        message: 'site.lock:1:1: the file is not a lock file',
        place: { file: 'site.lock', line: 1, column: 1 },
        hint: 'check it out again, or remove it and run `zentoo sync`, which writes a new one',
      }),
    );
  });

  it('is refused if a newer zentoo wrote it, whatever its form is', () => {
    using site = temporaryDirectory();
    writeFileSync(join(site.path, 'site.lock'), 'format: 2\nrepositories: [a]\n');
    expect(() => readSiteLock(site.path)).toThrow(
      expect.objectContaining({
        code: 'format-unknown',
        message: 'failed to use site.lock: it has the format 2, and this zentoo knows formats up to 1',
      }),
    );
  });

  it('is refused if it is a directory', () => {
    using site = temporaryDirectory();
    const path = join(site.path, 'site.lock');
    mkdirSync(path);
    expect(() => readSiteLock(site.path)).toThrow(
      expect.objectContaining({
        code: 'site-invalid',
        message: expect.stringMatching(`^failed to read ${path}: EISDIR`),
        cause: expect.objectContaining({ code: 'EISDIR' }),
      }),
    );
    expect(() => writeSiteLock(site.path, new Map())).toThrow(
      expect.objectContaining({
        code: 'mount-unusable',
        message: expect.stringMatching(`^failed to write ${path}: EISDIR`),
        hint: 'the trees were synced, but not recorded: make the site writable and sync again',
        cause: expect.objectContaining({ code: 'EISDIR' }),
      }),
    );
    expect(readdirSync(site.path)).toEqual(['site.lock']);
  });

  it('cannot be written in a directory that is not there or that is read-only', () => {
    using site = temporaryDirectory();
    checkLockWritable(site.path);
    expect(readdirSync(site.path)).toEqual([]);
    const absent = join(site.path, 'absent');
    const refusal = (path: string) =>
      expect.objectContaining({
        code: 'mount-unusable',
        message: expect.stringMatching(`^failed to write ${path}/site.lock: E`),
        hint: 'zentoo sync records the revisions of the trees there: make the site writable',
        cause: expect.any(Error),
      });
    // The kernel lets nobody write to /proc, and lets everybody read it.
    for (const path of [absent, '/proc/self']) expect(() => checkLockWritable(path)).toThrow(refusal(path));
  });
});
