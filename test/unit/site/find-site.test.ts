import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Diagnostics } from '../../../src/site/diagnostics.ts';
import { failuresOf } from '../../../src/failure.ts';
import { findSite } from '../../../src/site/find-site.ts';
import { decodeText, describeReadError, readTextFile } from '../../../src/site/read-text-file.ts';
import { temporaryDirectory } from './git-program.ts';

/** The text or the diagnostics that `read` comes to. */
function read(work: (diagnostics: Diagnostics) => string | undefined): readonly (string | undefined)[] {
  const diagnostics = new Diagnostics();
  const text = work(diagnostics);
  try {
    diagnostics.throwIfAny();
    return [text];
  } catch (error) {
    return [text, ...failuresOf(error).map(({ message }) => message)];
  }
}

describe('the directory of a site', () => {
  it('is found by any path to it, as an absolute path', () => {
    using home = temporaryDirectory();
    mkdirSync(join(home.path, 'site/config'), { recursive: true });
    symlinkSync('site', join(home.path, 'link'));
    for (const name of ['site', 'link']) expect(findSite(join(home.path, name))).toBe(join(home.path, name));
    expect(findSite(relative(process.cwd(), join(home.path, 'site')))).toBe(join(home.path, 'site'));
  });

  it.each([
    ['file', 'it is a file: name its directory'],
    ['absent', 'there is no such directory'],
    ['file/below', 'there is no such directory'],
    ['loop', 'its symbolic links form a loop'],
    ['n'.repeat(256), 'its name is too long'],
  ])('is not %s', (name, why) => {
    using home = temporaryDirectory();
    writeFileSync(join(home.path, 'file'), '');
    symlinkSync('loop', join(home.path, 'loop'));
    const path = join(home.path, name);
    const shown = path.length > 300 ? `${path.slice(0, 300)}...` : path;
    expect(() => findSite(path)).toThrow(
      expect.objectContaining({
        code: 'site-invalid',
        message: expect.stringMatching(/: (?:it|its|there) /),
        hint: 'choose a site with --site DIR or ZENTOO_SITE, or make one with zentoo init DIR',
      }),
    );
    expect(() => findSite(path)).toThrow(`failed to read the site ${shown}: ${why}`);
  });

  it('is not a directory without any part of a site; the hint names a site around it', () => {
    using home = temporaryDirectory();
    mkdirSync(join(home.path, 'site/a/b'), { recursive: true });
    const message = `failed to read the site ${home.path}/site/a/b: it has no site.yaml`;
    const hint = (site: string) => `choose a site with --site ${site} or ZENTOO_SITE, or make one with zentoo init DIR`;
    const path = join(home.path, 'site/a/b');
    expect(() => findSite(path)).toThrow(expect.objectContaining({ message, hint: hint('DIR') }));
    writeFileSync(join(home.path, 'site/site.yaml'), '');
    expect(() => findSite(path)).toThrow(expect.objectContaining({ message, hint: hint(`${home.path}/site`) }));
  });

  it('has at most 300 characters in a message', () => {
    const path = (length: number) => `/${'a/'.repeat(length)}`.slice(0, length);
    expect(() => findSite(path(300))).toThrow(`failed to read the site ${path(300)}: there`);
    expect(() => findSite(path(301))).toThrow(`failed to read the site ${path(300)}...: there`);
  });
});

describe('a text file of a site', () => {
  it.each([
    ['absent', 'absent:1:1: there is no such file'],
    ['directory', 'directory:1:1: it is not a file'],
    ['long', 'long:1:1: it has 1048577 bytes, and at most 1048576 are read'],
    ['latin', 'latin:2:3: this is not UTF-8'],
  ])('is refused if it is %s', (name, message) => {
    using site = temporaryDirectory();
    mkdirSync(join(site.path, 'directory'));
    writeFileSync(join(site.path, 'long'), ' '.repeat(1024 * 1024 + 1));
    writeFileSync(join(site.path, 'latin'), Buffer.concat([Buffer.from('é\naé'), Buffer.from([0xff, 10])]));
    expect(read((diagnostics) => readTextFile(site.path, name, diagnostics))).toEqual([undefined, message]);
  });

  it('is read if it has a mebibyte', () => {
    using site = temporaryDirectory();
    const text = ' '.repeat(1024 * 1024);
    writeFileSync(join(site.path, 'file'), text);
    expect(read((diagnostics) => readTextFile(site.path, 'file', diagnostics))).toEqual([text]);
    expect(read((diagnostics) => decodeText(Buffer.from(text), 'file', diagnostics))).toEqual([text]);
    expect(read((diagnostics) => decodeText(Buffer.from(`${text} `), 'file', diagnostics))).toEqual([
      undefined,
      'file:1:1: it has 1048577 bytes, and at most 1048576 are read',
    ]);
  });

  it.each([
    ['ENOENT', 'there is no such file'],
    ['ENOTDIR', 'there is no such file'],
    ['EACCES', 'it may not be read: permission denied'],
    ['EPERM', 'it may not be read: permission denied'],
    ['ELOOP', 'its symbolic links form a loop'],
    ['ENAMETOOLONG', 'its name is too long'],
    ['EIO', 'it cannot be read: broken'],
  ])('that fails with %s: %s', (code, clause) => {
    expect(describeReadError(Object.assign(new Error('broken'), { code }))).toBe(clause);
  });

  it('that fails with something else is described by that', () => {
    expect(describeReadError(new Error('broken'))).toBe('it cannot be read: broken');
    expect(describeReadError('no')).toBe('it cannot be read: no');
  });
});
