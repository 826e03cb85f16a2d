import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { parseIniFiles } from '../../../src/portage/configuration/ini-sections.ts';
import { initSite } from '../../../src/site/init-site.ts';
import { readSite } from '../../../src/site/read/read-site.ts';
import * as starter from '../../../src/site/starter-site.ts';
import { asOther } from '../support/as-other.ts';
import { fingerprint, git, temporaryDirectory } from './git-program.ts';
import { temporarySite } from './sites.ts';

const time = new Date('2026-01-02T03:04:05Z');
const ministage = join(import.meta.dirname, '../../../ministage');

describe('a new site', () => {
  it.each(['portage', 'buildhooks'])('has a repository config/%s without faults to git fsck', (name) => {
    using site = temporarySite();
    const directory = join(site.path, 'config', name);
    expect(git(directory, 'fsck', '--strict', '--full')).toBe('');
    expect(git(directory, 'status', '--porcelain', '--ignored=no')).toBe('');
    expect(git(directory, 'log', '--all', '--format=%an <%ae> %aI %s').trim().split('\n')).toEqual(
      Array.from(
        { length: name === 'portage' ? 2 : 1 },
        () => 'zentoo <zentoo@localhost> 2026-01-02T03:04:05+00:00 A small site for the ministage',
      ),
    );
    git(directory, 'gc', '--quiet', '--aggressive');
    expect(readSite(site.path).tuples).toHaveLength(3);
  });

  it('has branches that can be checked out and committed to', () => {
    using site = temporarySite();
    const portage = join(site.path, 'config/portage');
    git(portage, 'checkout', '--quiet', 'musl');
    expect(git(portage, 'status', '--porcelain')).toBe('');
    const before = readSite(site.path).tuples.map(({ portage: { commit } }) => commit);
    writeFileSync(join(portage, 'package.mask'), 'app-misc/hello\n');
    git(portage, 'add', '--all');
    git(portage, 'commit', '--quiet', '--message=mask');
    const after = readSite(site.path).tuples.map(({ portage: { commit } }) => commit);
    expect(after.map((commit, index) => commit === before[index])).toEqual([true, true, false]);
  });

  it('has executable hooks', () => {
    using site = temporarySite();
    expect(git(join(site.path, 'config/buildhooks'), 'ls-tree', 'plain')).toMatch(/^100755 blob \w+\tfinish\n$/);
  });

  it('has its sets where the site repository can track them', () => {
    using site = temporarySite();
    git(site.path, 'init', '--quiet');
    git(site.path, 'add', 'site.yaml', 'config/tuples', 'config/sets');
    expect(git(site.path, 'ls-files').split('\n')).toContain('config/sets/tools');
    expect(readFileSync(join(site.path, 'config/portage/sets/tools'), 'utf8')).toContain('app-misc/greet');
  });

  it('ignores built files in the site repository', () => {
    using site = temporarySite();
    git(site.path, 'init', '--quiet');
    mkdirSync(join(site.path, 'output'));
    writeFileSync(join(site.path, 'output/root.tar.zst'), '');
    expect(git(site.path, 'check-ignore', 'output/root.tar.zst')).toBe('output/root.tar.zst\n');
  });

  it('sets each variable of Portage once, in quotes', () => {
    using site = temporarySite();
    const files = readSite(site.path).tuples.flatMap(({ portage }) =>
      portage.entries
        .filter(({ path }) => /(?:^|\/)make\.(?:conf|defaults)$/.test(path))
        .map((entry) => ({ file: `${portage.name}:${entry.path}`, text: entry.read().toString() })),
    );
    expect(new Set(files.map(({ file }) => file))).toEqual(new Set(['base:make.conf', 'musl:make.conf']));
    for (const { file, text } of files) {
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect(
        lines.filter((line) => !/^[A-Za-z_][A-Za-z0-9_]*="[^"]*"$/.test(line)),
        file,
      ).toEqual([]);
      const names = lines.map((line) => line.replace(/=.*/, ''));
      expect(names, file).toEqual([...new Set(names)]);
    }
  });

  it('can be made in a repository that contains only a README', () => {
    using directory = temporaryDirectory();
    git(directory.path, 'init', '--quiet');
    writeFileSync(join(directory.path, 'README.md'), 'mine');
    writeFileSync(join(directory.path, '.gitignore'), '*~');
    initSite(directory.path, time);
    expect(readSite(directory.path).tuples).toHaveLength(3);
    expect(readFileSync(join(directory.path, 'README.md'), 'utf8')).toBe('mine');
    expect(readFileSync(join(directory.path, '.gitignore'), 'utf8')).toBe('*~');
  });

  it('has an id of its own', () => {
    using directory = temporaryDirectory();
    const ids = ['a', 'b'].map((name) => initSite(join(directory.path, name), time).id);
    expect(new Set(ids).size).toBe(2);
    expect(['a', 'b'].map((name) => readSite(join(directory.path, name)).id)).toEqual(ids);
  });

  it('has the name of its directory', () => {
    using directory = temporaryDirectory();
    expect(initSite(join(directory.path, 'My Site_2!'), time)).toEqual({
      name: 'my-site-2',
      id: expect.stringMatching(/^[a-z][a-z2-7]{11}$/),
      directory: join(directory.path, 'My Site_2!'),
    });
    expect(readSite(join(directory.path, 'My Site_2!')).name).toBe('my-site-2');
    expect(initSite(join(directory.path, '...x'), time).name).toBe('x');
    expect(initSite(join(directory.path, '日本'), time).name).toBe('site');
  });

  it('can be made by a user who is not root', () => {
    using directory = temporaryDirectory();
    chmodSync(directory.path, 0o777);
    asOther(() => initSite(join(directory.path, 'site'), time));
    expect(git(join(directory.path, 'site/config/portage'), '-c', 'safe.directory=*', 'fsck', '--strict')).toBe('');
  });

  it('is reproducible except for the time', () => {
    using directory = temporaryDirectory();
    const commits = ['a', 'b'].map((name) => {
      initSite(join(directory.path, name), time);
      return git(join(directory.path, name, 'config/portage'), 'rev-parse', 'base', 'musl');
    });
    expect(commits[0]).toBe(commits[1]);
  });

  it('uses the repository, the profile and the packages of the ministage', () => {
    using site = temporarySite();
    const [base, , musl] = readSite(site.path).tuples;
    const read = (tuple: typeof base, file: string) =>
      tuple?.portage.entries
        .find(({ path }) => path === file)
        ?.read()
        .toString() ?? '';
    const ours = parseIniFiles([read(base, 'repos.conf/gentoo.conf')]);
    expect(ours).toEqual(parseIniFiles([readFileSync(join(ministage, 'etc/portage/repos.conf/gentoo.conf'), 'utf8')]));
    const profile = read(base, 'make.profile').replace('../../var/db/repos/gentoo/', '');
    expect(existsSync(join(ministage, 'repository', profile, 'make.defaults'))).toBe(true);
    const muslProfile = read(musl, 'make.profile/parent').trim();
    expect(muslProfile).toBe(`gentoo:${profile.replace('profiles/', '')}/musl`);
    const defaults = muslProfile.replace('gentoo:', 'repository/profiles/');
    expect(readFileSync(join(ministage, defaults, 'make.defaults'), 'utf8')).toContain(`CHOST="${musl?.cpu.chost}"`);
    const atoms = base?.packages.atoms.map((atom) => atom.replace(/:.*/, '')) ?? [];
    expect(atoms.filter((atom) => !existsSync(join(ministage, 'repository', atom)))).toEqual([]);
    expect(musl?.cpu.chost).toBe('x86_64-pc-linux-musl');
  });
});

describe('init leaves a directory that is not empty unchanged', () => {
  it.each<readonly [string, (path: string) => void, RegExp]>([
    ['a file in it', (path) => writeFileSync(join(path, '.hidden'), ''), /it is not empty \(there is \.hidden\)$/],
    ['a site', (path) => initSite(path, time), /it is not empty/],
  ])('%s', (_name, fill, message) => {
    using directory = temporaryDirectory();
    fill(directory.path);
    const before = fingerprint(directory.path);
    expect(() => initSite(directory.path, time)).toThrow(message);
    expect(fingerprint(directory.path)).toBe(before);
  });

  it('a directory in which a file cannot be written', () => {
    using directory = temporaryDirectory();
    symlinkSync('/nowhere/ignore', join(directory.path, '.gitignore'));
    expect(() => initSite(directory.path, time)).toThrow(/^failed to make a site in .*: ENOENT/);
    expect(readdirSync(directory.path)).toEqual(['.gitignore']);
  });

  it('a new directory that cannot be finished', () => {
    using directory = temporaryDirectory();
    const spy = vi.spyOn(starter, 'starterSite').mockReturnValue({ files: {}, portage: [], buildhooks: [] });
    expect(() => initSite(join(directory.path, 'new'), time)).toThrow(RangeError);
    expect(spy).toHaveBeenCalledOnce();
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it('a file', () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'file'), 'x');
    expect(() => initSite(join(directory.path, 'file'), time)).toThrow(/: it is a file$/);
  });

  it('case 3.2: a directory in which nobody can make one; Node would try for ever', () => {
    expect(() => initSite('/proc/nowhere/site', time)).toThrow(
      /^failed to make a site in .*: ENOENT: .* '\/proc\/nowhere'$/,
    );
  });

  it('a directory that cannot be written', () => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, 'real'));
    symlinkSync('/proc/version', join(directory.path, 'real/link'));
    const make = () => initSite(join(directory.path, 'real/link/site'), time);
    expect(make).toThrow(Failure);
    expect(make).toThrow(/^failed to make a site in .*: ENOTDIR/);
    expect(readdirSync(join(directory.path, 'real'))).toEqual(['link']);
  });
});
