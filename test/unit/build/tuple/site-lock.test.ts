import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSiteLock, writeSiteLock } from '../../../../src/build/tuple/site-lock.ts';
import { temporaryDirectory } from '../../site/git-program.ts';

const commit = '12e4567890'.repeat(4);

describe('the lock file of a site', () => {
  it('is read as it was written, sorted, with a heading, and leaves nothing else there', () => {
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
      /^# What the[^]*\nrepositories:\n[^]*gentoo: "12e/,
    );
    writeSiteLock(site.path, new Map());
    expect(readSiteLock(site.path)).toEqual(new Map());
  });

  it('says nothing where there is none', () => {
    using site = temporaryDirectory();
    expect(readSiteLock(site.path)).toEqual(new Map());
  });

  it('has what stands there, though it looks like a number', () => {
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
    ['a byte of zero', 'repositories: { gentoo: "a" }\n\0'],
  ])('is refused with its place where it has %s', (_what, text) => {
    using site = temporaryDirectory();
    writeFileSync(join(site.path, 'site.lock'), text);
    expect(() => readSiteLock(site.path)).toThrow(
      expect.objectContaining({ code: 'site-invalid', place: { file: 'site.lock', line: 1, column: 1 } }),
    );
  });

  it('is refused where it is no file', () => {
    using site = temporaryDirectory();
    mkdirSync(join(site.path, 'site.lock'));
    expect(() => readSiteLock(site.path)).toThrow(expect.objectContaining({ code: 'site-invalid' }));
    expect(() => writeSiteLock(site.path, new Map())).toThrow(expect.objectContaining({ code: 'mount-unusable' }));
    expect(readdirSync(site.path)).toEqual(['site.lock']);
  });
});
