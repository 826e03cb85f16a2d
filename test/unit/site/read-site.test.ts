import {
  chmodSync,
  mkdirSync,
  readdirSync,
  statSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSite } from '../../../src/site/read/read-site.ts';
import { commitAll, fingerprint, git, temporaryDirectory, writeFiles } from './git-program.ts';
import { commitFiles, edit, hooks, portage } from './site-changes.ts';
import { readOrExplain, temporarySite } from './sites.ts';

describe('a site', () => {
  it('is read from commits', () => {
    using directory = temporarySite();
    const site = readSite(directory.path);
    expect(site.tuples.map(({ name, cross, outputs }) => [name, cross, outputs])).toEqual([
      ['x86-64-base-plain-tools', false, ['image']],
      ['x86-64-v2-base-plain-tools', false, ['image']],
      ['x86-64-musl-musl-plain-tools', true, ['image', 'archive']],
    ]);
    const [tuple] = site.tuples;
    expect(tuple?.cpu).toEqual({
      name: 'x86-64',
      chost: 'x86_64-pc-linux-gnu',
      cflags: '-O2 -pipe -march=x86-64',
      cpuFlags: [],
    });
    expect(tuple?.portage.commit).toBe(git(portage(directory.path), 'rev-parse', 'base').trim());
    expect(tuple?.buildhooks.commit).toBe(git(hooks(directory.path), 'rev-parse', 'plain').trim());
    expect(tuple?.packages).toEqual({
      name: 'tools',
      file: 'config/portage/sets/tools',
      text: '# A package set: one atom or @set a line.\napp-misc/greet\napp-misc/timepiece:2\n',
      atoms: ['app-misc/greet', 'app-misc/timepiece:2'],
      places: [2, 3].map((line) => ({ file: 'config/portage/sets/tools', line, column: 1 })),
      sets: [],
    });
    expect(tuple?.stage).toEqual({
      name: 'ministage',
      image: 'gentoo-ministage',
      optimize: 'none',
      branches: undefined,
    });
    expect(site.uncommitted).toEqual([]);
  });

  it('has the modes, links and contents of a branch, and reads a file on demand', () => {
    using directory = temporarySite();
    writeFileSync(join(portage(directory.path), 'bashrc'), '#!/bin/bash\n', { mode: 0o755 });
    commitAll(portage(directory.path));
    const entries = readSite(directory.path).tuples[0]?.portage.entries ?? [];
    expect(entries.map(({ path, type }) => [path, type])).toEqual([
      ['bashrc', 'executable'],
      ['make.conf', 'file'],
      ['make.profile', 'symlink'],
      ['package.use/greet', 'file'],
      ['repos.conf/gentoo.conf', 'file'],
    ]);
    expect(entries.map((entry) => entry.read().toString()).slice(0, 3)).toEqual([
      '#!/bin/bash\n',
      expect.stringContaining('LC_MESSAGES="C.UTF-8"'),
      '../../var/db/repos/gentoo/profiles/default/linux/amd64/ministage',
    ]);
  });

  it('is deeply frozen', () => {
    using directory = temporarySite();
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      expect(Object.isFrozen(value), path).toBe(true);
      for (const [key, child] of Object.entries(value)) visit(child, `${path}.${key}`);
    };
    visit(readSite(directory.path), 'site');
  });

  it('is not changed by reading it', () => {
    using directory = temporarySite();
    writeFiles(portage(directory.path), { 'make.conf': 'changed\n', new: 'file\n' });
    const before = fingerprint(directory.path);
    readSite(directory.path);
    expect(fingerprint(directory.path)).toBe(before);
  });

  it('lists uncommitted files, and does not read them', () => {
    using directory = temporarySite();
    writeFiles(portage(directory.path), { 'make.conf': 'USE="changed"\n', 'package.mask': 'a/b\n' });
    writeFiles(hooks(directory.path), { assemble: '#!/bin/sh\n' });
    const site = readSite(directory.path);
    expect(site.uncommitted).toEqual([
      { repository: 'config/portage', branch: 'base', paths: ['make.conf', 'package.mask'], unread: [] },
      { repository: 'config/buildhooks', branch: 'plain', paths: ['assemble'], unread: [] },
    ]);
    const makeConf = site.tuples[0]?.portage.entries.find(({ path }) => path === 'make.conf');
    expect(makeConf?.read().toString()).not.toContain('changed');
  });

  it('can have bare repositories, with the sets in config/sets', () => {
    using directory = temporarySite();
    for (const repository of [portage(directory.path), hooks(directory.path)]) {
      renameSync(repository, `${repository}.work`);
      git(directory.path, 'clone', '--quiet', '--bare', `${repository}.work`, repository);
      rmSync(`${repository}.work`, { recursive: true });
    }
    const site = readSite(directory.path);
    expect(site.tuples).toHaveLength(3);
    expect(site.sets.map(({ name, file }) => [name, file])).toEqual([['tools', 'config/sets/tools']]);
  });

  it('can be a fresh clone with submodules', () => {
    using directory = temporarySite();
    using origins = temporaryDirectory();
    const names = ['portage', 'buildhooks'];
    for (const name of names) renameSync(join(directory.path, 'config', name), join(origins.path, name));
    git(directory.path, 'init', '--quiet');
    for (const name of names)
      git(directory.path, 'submodule', '--quiet', 'add', join(origins.path, name), `config/${name}`);
    commitAll(directory.path);
    const clone = join(origins.path, 'clone');
    git(origins.path, 'clone', '--quiet', '--recurse-submodules', directory.path, clone);
    expect(git(join(clone, 'config/portage'), 'branch', '--list', 'musl')).toBe('');
    const site = readSite(clone);
    expect(site.tuples.map(({ portage: { name, commit } }) => [name, commit])).toEqual(
      ['base', 'base', 'musl'].map((name) => [name, git(join(origins.path, 'portage'), 'rev-parse', name).trim()]),
    );
    expect(site.uncommitted).toEqual([]);
  });

  it('lists the branches that git left behind when it updated a submodule', () => {
    using directory = temporarySite();
    using origins = temporaryDirectory();
    const origin = join(origins.path, 'portage');
    renameSync(portage(directory.path), origin);
    git(directory.path, 'clone', '--quiet', origin, 'config/portage');
    const before = git(origin, 'rev-parse', 'base').trim();
    commitFiles(origin, { 'package.mask': 'a/b\n' });
    const after = git(origin, 'rev-parse', 'base').trim();
    git(portage(directory.path), 'fetch', '--quiet');
    expect(readSite(directory.path).leftBehind).toEqual([]);
    git(portage(directory.path), 'checkout', '--quiet', '--detach', 'origin/base');
    const site = readSite(directory.path);
    expect(site.leftBehind).toEqual([
      { repository: 'config/portage', name: 'base', own: before, remote: 'origin', origin: after },
    ]);
    expect(site.tuples[0]?.portage.commit).toBe(before);
    git(portage(directory.path), 'branch', '--force', 'base', 'origin/base');
    expect(readSite(directory.path).leftBehind).toEqual([]);
  });

  it('can have its sets below config/portage, where the inner repository ignores them', () => {
    using directory = temporarySite();
    unlinkSync(join(portage(directory.path), 'sets'));
    renameSync(join(directory.path, 'config/sets'), join(portage(directory.path), 'sets'));
    const site = readSite(directory.path);
    expect(site.sets.map(({ file }) => file)).toEqual(['config/portage/sets/tools']);
    expect(site.uncommitted).toEqual([]);
  });

  it("takes a branch's own set before a shared one of the same name", () => {
    using directory = temporarySite();
    unlinkSync(join(portage(directory.path), 'sets'));
    commitFiles(portage(directory.path), { 'sets/tools': 'app-misc/hello\n@more\n' });
    git(portage(directory.path), 'add', '--force', 'sets');
    commitAll(portage(directory.path));
    writeFiles(directory.path, {
      'config/portage/sets/more': 'app-text/tree\n',
      'config/portage/sets/.hidden': '?',
      'config/portage/sets/x~': '?',
    });
    rmSync(join(directory.path, 'config/sets'), { recursive: true });
    edit(directory.path, 'site.yaml', 'packages: tools', 'packages: more');
    const site = readSite(directory.path);
    expect(site.tuples.map(({ packages }) => packages)).toMatchObject([
      { file: 'config/portage@base:sets/tools', atoms: ['app-misc/hello'], sets: ['@more'] },
      { file: 'config/portage@base:sets/tools' },
      { file: 'config/portage/sets/more', atoms: ['app-text/tree'] },
    ]);
    expect(site.sets.map(({ name }) => name)).toEqual(['more']);
    expect(site.uncommitted).toEqual([]);
  });

  it('gives a branch the stage that names it, and other branches the stage without branches', () => {
    using directory = temporarySite();
    edit(
      directory.path,
      'site.yaml',
      'stages:\n',
      'stages:\n  musl: { image: gentoo/stage3:musl, branches: [musl] }\n',
    );
    expect(readSite(directory.path).tuples.map(({ stage }) => stage.name)).toEqual(['ministage', 'ministage', 'musl']);
  });

  it('needs no config/tuples if site.yaml has tuples', () => {
    using directory = temporarySite();
    rmSync(join(directory.path, 'config/tuples'));
    expect(readSite(directory.path).tuples).toHaveLength(1);
  });

  it('accepts comments, blank lines and CR LF', () => {
    using directory = temporarySite();
    writeFiles(directory.path, { 'config/tuples': '\uFEFF# all\r\n\r\n  x86-64-base-plain-tools  # the first\r\n' });
    expect(readSite(directory.path).tuples.map(({ name }) => name)).toContain('x86-64-base-plain-tools');
  });
});

/** What is done to a site, and all that is said of it. */
const bad: readonly (readonly [string, (site: string) => void, readonly unknown[]])[] = [
  [
    'no directory',
    (site) => rmSync(site, { recursive: true }),
    [expect.stringMatching(/^failed to read the site \/.*: there is no such directory$/)],
  ],
  [
    'an empty directory',
    (site) => {
      rmSync(site, { recursive: true });
      mkdirSync(site);
    },
    [expect.stringMatching(/^failed to read the site \/.*: it has no site\.yaml$/)],
  ],
  [
    'only an empty config',
    (site) => {
      rmSync(site, { recursive: true });
      mkdirSync(join(site, 'config'), { recursive: true });
    },
    [
      'config/buildhooks:1:1: there is no such directory: it must be a git repository',
      'config/portage:1:1: there is no such directory: it must be a git repository',
      'site.yaml:1:1: there is no such file',
    ],
  ],
  [
    'site.yaml that is no text',
    (site) => writeFiles(site, { 'site.yaml': Buffer.from('name: a\ncpus: \xff\n', 'latin1') }),
    ['site.yaml:2:7: this is not UTF-8'],
  ],
  [
    'site.yaml that is a directory',
    (site) => {
      rmSync(join(site, 'site.yaml'));
      mkdirSync(join(site, 'site.yaml'));
    },
    ['site.yaml:1:1: it is not a file'],
  ],
  [
    'no tuples at all',
    (site) => {
      rmSync(join(site, 'config/tuples'));
      edit(site, 'site.yaml', /tuples:\n[^]*/, '');
    },
    ['config/tuples:1:1: there is no such file'],
  ],
  [
    'a misspelt cpu',
    (site) => edit(site, 'config/tuples', 'x86-64-v2', 'x86-64-v1'),
    ["config/tuples:3:1: there is no cpu 'x86-64-v1'; did you mean 'x86-64-v2'?"],
  ],
  [
    'a misspelt portage branch',
    (site) => edit(site, 'config/tuples', 'v2-base', 'v2-bsae'),
    ["config/tuples:3:11: there is no portage branch 'bsae'; did you mean 'base'?"],
  ],
  [
    'a misspelt buildhooks branch',
    (site) => edit(site, 'config/tuples', 'v2-base-plain', 'v2-base-plan'),
    ["config/tuples:3:16: there is no buildhooks branch 'plan'; did you mean 'plain'?"],
  ],
  [
    'a misspelt set',
    (site) => edit(site, 'config/tuples', /tools\n$/, 'tolos\n'),
    ["config/tuples:3:22: there is no package set 'tolos'; did you mean 'tools'?"],
  ],
  [
    'a set that is like none',
    (site) => edit(site, 'config/tuples', /tools\n$/, 'x\n'),
    ["config/tuples:3:22: there is no package set 'x'; there are: tools"],
  ],
  [
    'two parts misspelt',
    (site) => edit(site, 'config/tuples', 'v2-base-plain', 'v2-bse-pain'),
    [
      "config/tuples:3:11: there is no portage branch 'bse'; did you mean 'base'?; and there is no buildhooks branch 'pain'; did you mean 'plain'?",
    ],
  ],
  [
    'too few parts',
    (site) => edit(site, 'config/tuples', 'x86-64-v2-base-plain-tools', 'base-tools'),
    ["config/tuples:3:1: 'base-tools' is not a tuple: it must be <cpu>-<portage>-<buildhooks>-<packages>"],
  ],
  [
    'two tuples on a line',
    (site) => edit(site, 'config/tuples', 'tools\nx86', 'tools x86'),
    ['config/tuples:2:25: a line has one tuple: put this one on its own line'],
  ],
  [
    'a tuple twice',
    (site) => edit(site, 'config/tuples', 'x86-64-v2', 'x86-64'),
    ['config/tuples:3:1: the tuple x86-64-base-plain-tools is already in config/tuples:2'],
  ],
  [
    'a tuple in its long form that is a line, too',
    (site) => {
      edit(site, 'site.yaml', 'portage: musl', 'portage: base');
      edit(site, 'site.yaml', 'cpu: x86-64-musl', 'cpu: x86-64');
    },
    ['site.yaml:40:5: the tuple x86-64-base-plain-tools is already in config/tuples:2'],
  ],
  [
    'a tuple with two readings',
    (site) => {
      edit(site, 'site.yaml', 'stages:', '  x86: { CHOST: i686-pc-linux-gnu, CFLAGS: -O2 }\nstages:');
      git(portage(site), 'branch', '64-base', 'base');
    },
    [
      "config/tuples:2:1: 'x86-64-base-plain-tools' can be read in 2 ways: " +
        '{ cpu: x86-64, portage: base, buildhooks: plain, packages: tools } or ' +
        '{ cpu: x86, portage: 64-base, buildhooks: plain, packages: tools }; ' +
        'write the intended one into tuples in site.yaml',
    ],
  ],
  [
    'unknown names in the long form',
    (site) =>
      edit(
        site,
        'site.yaml',
        /cpu: x86-64-musl\n.*\n.*\n.*\n/,
        'cpu: x86-64-musk\n    portage: mus\n    buildhooks: "-x"\n    packages: "../tools"\n',
      ),
    [
      "site.yaml:40:10: there is no cpu 'x86-64-musk'; did you mean 'x86-64-musl'?",
      "site.yaml:41:14: there is no portage branch 'mus'; did you mean 'musl'?",
      "site.yaml:42:17: there is no buildhooks branch '-x'; there are: plain",
      "site.yaml:43:15: there is no package set '../tools'; there are: tools",
    ],
  ],
  [
    'a branch that no image can be named after',
    (site) => {
      git(portage(site), 'branch', 'wip/Big', 'base');
      edit(site, 'config/tuples', 'v2-base', 'v2-wip/Big');
    },
    [
      "config/tuples:3:1: the portage branch 'wip/Big' cannot be part of an image's name: use small letters and digits, with . _ - between them",
    ],
  ],
  [
    'a name that is too long',
    (site) => {
      git(portage(site), 'branch', 'b'.repeat(230), 'base');
      edit(site, 'config/tuples', 'v2-base', `v2-${'b'.repeat(230)}`);
    },
    [
      expect.stringMatching(
        /^config\/tuples:3:1: its name has 252 characters, and the image's name allows at most \d+$/,
      ),
    ],
  ],
  [
    'a misspelt branch of a stage',
    (site) => edit(site, 'site.yaml', 'optimize: none', 'branches: [base, msul]'),
    [
      "site.yaml:33:22: there is no portage branch 'msul'; did you mean 'musl'?",
      "site.yaml:41:14: no stage in site.yaml has the branch 'musl'",
    ],
  ],
  [
    'a branch of two stages',
    (site) =>
      edit(site, 'site.yaml', 'optimize: none', 'branches: [base, musl]\n  other: { image: x, branches: [musl] }'),
    ["site.yaml:34:33: the branch 'musl' already belongs to the stage 'ministage'"],
  ],
  [
    'two stages for the rest',
    (site) => edit(site, 'site.yaml', 'optimize: none', 'optimize: none\n  other: { image: x }'),
    ["site.yaml:34:10: the stages 'ministage' and 'other' both have no branches: only one stage may"],
  ],
  [
    'an invalid atom',
    (site) => edit(site, 'config/sets/tools', 'app-misc/greet', '  >=app-misc/greet'),
    ["config/portage/sets/tools:2:3: '>=app-misc/greet' is no atom: >= needs a version, like >=net-misc/curl-8.1.0"],
  ],
  [
    'an atom without its category',
    (site) => edit(site, 'config/sets/tools', 'app-misc/greet', 'greet:0'),
    ["config/portage/sets/tools:2:1: 'greet:0' is no atom: in a set a package is category/name, like net-misc/curl"],
  ],
  [
    'world without its @',
    (site) => edit(site, 'config/sets/tools', 'app-misc/greet', 'world'),
    ["config/portage/sets/tools:2:1: 'world' is no atom: in a set a package is category/name, like net-misc/curl"],
  ],
  [
    'two atoms on a line',
    (site) => edit(site, 'config/sets/tools', 'greet\n', 'greet app-misc/hello # both\n'),
    ['config/portage/sets/tools:2:16: a line has one atom: put this one on its own line'],
  ],
  [
    'an atom and a set on a line, with words between them',
    (site) => edit(site, 'config/sets/tools', 'greet\n', 'greet and all of @live-rebuild\n'),
    ['config/portage/sets/tools:2:27: a line has one atom: put this one on its own line'],
  ],
  [
    'an option in a set',
    (site) => edit(site, 'config/sets/tools', 'app-misc/greet', '--unmerge'),
    ["config/portage/sets/tools:2:1: '--unmerge' is no atom: looks like an option, which a set cannot have"],
  ],
  [
    'a set that is no text',
    (site) => writeFiles(site, { 'config/sets/tools': Buffer.from([0x61, 0x2f, 0x62, 0x0a, 0xff]) }),
    [
      "config/portage/sets/tools:2:1: '\uFFFD' is no atom: a package name has only letters, digits and _ + -, and begins with a letter, a digit or _",
    ],
  ],
  [
    "a set of one of Portage's names",
    (site) => writeFiles(site, { 'config/sets/live-rebuild': 'a/b\n' }),
    ['config/portage/sets/live-rebuild:1:1: Portage has its own set @live-rebuild: rename this one'],
  ],
  [
    'a set with an odd name',
    (site) => writeFiles(site, { 'config/sets/a b\n': 'a/b\n' }),
    ["config/portage/sets/a b?:1:1: 'a b\\n' is not a valid name of a set: use letters, digits and _ + . -"],
  ],
  [
    'a directory of sets',
    (site) => {
      edit(site, 'config/sets/tools', 'app-misc/greet', '@more');
      writeFiles(site, { 'config/sets/more/one': 'a/b\n' });
    },
    ['config/portage/sets/more:1:1: it is a directory: sets are files'],
  ],
  [
    'a set that leads out of the site',
    (site) => {
      edit(site, 'config/sets/tools', 'app-misc/greet', '@passwd');
      symlinkSync('/etc/passwd', join(site, 'config/sets/passwd'));
    },
    ['config/portage/sets/passwd:1:1: it lies outside the site, in /etc/passwd: clone it into the site instead'],
  ],
  [
    'a set that contains itself',
    (site) => {
      edit(site, 'config/sets/tools', 'app-misc/greet', '@more');
      writeFiles(site, { 'config/sets/more': 'a/b\n @tools\n' });
    },
    ['config/portage/sets/more:2:2: the set @more contains itself: tools > more > tools'],
  ],
  [
    'a misspelt set in a set, beside those of Portage and of repositories',
    (site) => {
      edit(site, 'config/sets/tools', 'app-misc/greet', '@tolls\n@tolos\n@system\n@kde-plasma');
      writeFiles(site, { 'config/sets/tolls': 'a/b\n', 'config/sets/systems': 'a/b\n' });
    },
    ["config/portage/sets/tools:3:1: there is no set @tolos in the site; did you mean '@tolls'?"],
  ],
  [
    'a set in two places',
    (site) => {
      unlinkSync(join(portage(site), 'sets'));
      writeFiles(site, { 'config/portage/sets/tools': 'a/b\n', 'config/portage/sets/other': 'a/b\n' });
    },
    ['config/sets/tools:1:1: the set @tools is already in config/portage/sets/tools'],
  ],
  [
    "an invalid atom in a branch's own set",
    (site) => {
      git(portage(site), 'checkout', '--quiet', 'musl');
      rmSync(join(portage(site), 'sets'));
      writeFiles(site, { 'config/portage/sets/tools': '# mine\n\n\ta/b/c\n' });
      git(portage(site), 'add', '--force', 'sets/tools');
      commitAll(portage(site));
      git(portage(site), 'checkout', '--quiet', 'base');
    },
    [
      "config/portage@musl:sets/tools:3:2: 'a/b/c' is no atom: there is more than one / in it: a package is category/name",
    ],
  ],
  [
    "a branch's own set of one of Portage's names",
    (site) => {
      rmSync(join(portage(site), 'sets'));
      writeFiles(site, { 'config/portage/sets/world': 'a/b\n' });
      git(portage(site), 'add', '--force', 'sets/world');
      commitAll(portage(site));
    },
    ['config/portage@base:sets/world:1:1: Portage has its own set @world: rename this one'],
  ],
  [
    'no profile',
    (site) => {
      rmSync(join(portage(site), 'make.profile'));
      commitAll(portage(site));
    },
    [expect.stringMatching(/^config\/portage@base:make\.profile:1:1: it is missing, and Portage needs a profile/)],
  ],
  [
    'a profile that is a file',
    (site) => {
      rmSync(join(portage(site), 'make.profile'));
      commitFiles(portage(site), { 'make.profile': 'default\n' });
    },
    ['config/portage@base:make.profile:1:1: it is a file: it must be a symbolic link to a profile'],
  ],
  [
    'a submodule in a branch',
    (site) => {
      git(site, 'clone', '--quiet', hooks(site), 'config/portage/patches');
      commitAll(portage(site));
    },
    ['config/portage@base:patches:1:1: it is a submodule: its files are not in this repository'],
  ],
  [
    'no git repository',
    (site) => rmSync(join(hooks(site), '.git'), { recursive: true }),
    ['config/buildhooks:1:1: it is not a git repository; make one with: git init'],
  ],
  [
    'submodules that are not there yet',
    (site) => {
      rmSync(hooks(site), { recursive: true });
      rmSync(portage(site), { recursive: true });
      mkdirSync(portage(site));
      const modules = ['portage', 'buildhooks'].map((name) => `[submodule "${name}"]\n\tpath = config/${name}\n`);
      writeFiles(site, { '.gitmodules': modules.join('') });
    },
    ['buildhooks', 'portage'].map(
      (name) => `config/${name}:1:1: it is a submodule that is not checked out: git submodule update --init`,
    ),
  ],
  [
    'a repository without a commit',
    (site) => {
      rmSync(join(portage(site), '.git'), { recursive: true });
      git(portage(site), 'init', '--quiet');
    },
    ['config/portage:1:1: it has no commit; make one with: git commit'],
  ],
  [
    'a working tree of a repository outside',
    (site) => {
      renameSync(portage(site), `${site}-outside`);
      git(`${site}-outside`, 'worktree', 'add', '-q', '--force', portage(site), 'base');
    },
    [
      expect.stringMatching(
        /^config\/portage:1:1: its repository lies outside the site, in .*-outside\/.git\/worktrees\/portage: clone it into the site instead$/,
      ),
    ],
  ],
  [
    'branches with odd names',
    (site) => {
      const id = git(portage(site), 'rev-parse', 'base').trim();
      writeFiles(join(portage(site), '.git'), {
        'packed-refs': ['-x', 'a..b', 'a b', 'a\u0007b'].map((name) => `${id} refs/heads/${name}\n`).join(''),
      });
    },
    [
      "config/portage:1:1: the name of the branch '-x' begins with a hyphen, as an option does",
      "config/portage:1:1: the name of the branch 'a\\u0007b' contains a control character",
      "config/portage:1:1: the name of the branch 'a b' contains white space",
      "config/portage:1:1: the name of the branch 'a..b' contains ..",
    ],
  ],
  [
    'a damaged repository',
    (site) => {
      git(portage(site), 'gc', '--quiet');
      rmSync(join(portage(site), '.git/objects'), { recursive: true });
      mkdirSync(join(portage(site), '.git/objects'));
    },
    ['config/portage', 'config/portage@base', 'config/portage@musl'].map((file) =>
      expect.stringMatching(new RegExp(`^${file}:1:1: the object [0-9a-f]{40} is missing: run git fsck for details$`)),
    ),
  ],
  [
    'a hook that is not executable',
    (site) => {
      chmodSync(join(hooks(site), 'finish'), 0o644);
      commitAll(hooks(site));
    },
    ['config/buildhooks@plain:finish:1:1: it is not executable, and a hook is: git update-index --chmod=+x finish'],
  ],
  [
    'a misspelt hook',
    (site) => {
      renameSync(join(hooks(site), 'finish'), join(hooks(site), 'finsih'));
      commitAll(hooks(site));
    },
    ["config/buildhooks@plain:finsih:1:1: there is no hook 'finsih'; did you mean 'finish'?"],
  ],
  [
    'a hook that is a directory',
    (site) => commitFiles(hooks(site), { 'compile/run': '' }),
    ['config/buildhooks@plain:compile:1:1: it is a directory: a hook is an executable file'],
  ],
  [
    'faults everywhere',
    (site) => {
      edit(site, 'site.yaml', 'optimize: none', 'optimise: none');
      edit(site, 'config/sets/tools', 'app-misc/greet', 'greet');
      rmSync(join(hooks(site), '.git'), { recursive: true });
    },
    [
      'config/buildhooks:1:1: it is not a git repository; make one with: git init',
      "config/portage/sets/tools:2:1: 'greet' is no atom: in a set a package is category/name, like net-misc/curl",
      "site.yaml:33:5: there is no key 'optimise' in stages.ministage; did you mean 'optimize'?",
    ],
  ],
];

describe('any files of a site give a site or diagnostics', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc
      .string({ unit: fc.constantFrom('a', '-', '/', '@', '#', ' ', '\n', '\r', ':', '"', '\0', 'ü'), maxLength: 40 })
      .map((text) => Buffer.from(text)),
  );

  it.each(['site.yaml', 'config/tuples', 'config/sets/tools'])('%s', (file) => {
    using directory = temporarySite();
    fc.assert(
      fc.property(bytes, (content) => {
        writeFiles(directory.path, { [file]: content });
        readOrExplain(directory.path);
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, (repository: string) => void]>([
    ['loose', () => {}],
    ['packed', (repository) => git(repository, 'gc', '--quiet')],
  ])('a %s repository', (_name, pack) => {
    using directory = temporarySite();
    pack(portage(directory.path));
    const top = join(portage(directory.path), '.git');
    const files = readdirSync(top, { recursive: true, encoding: 'utf8' }).filter((file) =>
      statSync(join(top, file)).isFile(),
    );
    const harm = fc.record({
      file: fc.constantFrom(...files),
      start: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.nat(30),
      content: bytes,
    });
    fc.assert(
      fc.property(harm, ({ file, start, length, content }) => {
        const path = join(top, file);
        const original = readFileSync(path);
        const position = Math.floor(start * original.length);
        chmodSync(path, 0o644);
        writeFileSync(
          path,
          Buffer.concat([original.subarray(0, position), content, original.subarray(position + length)]),
        );
        try {
          readOrExplain(directory.path);
        } finally {
          writeFileSync(path, original);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('all faults of a site are reported at once, with exit status 3', () => {
  it.each(bad)('%s', (_name, harm, expected) => {
    using directory = temporarySite();
    try {
      harm(directory.path);
      expect(readOrExplain(directory.path)).toEqual(expected);
    } finally {
      rmSync(`${directory.path}-outside`, { recursive: true, force: true });
    }
  });
});

describe('a set as Portage reads it', () => {
  it('may describe an atom after it, and a faulty set that no tuple uses is not refused', () => {
    using site = temporarySite();
    writeFiles(site.path, {
      'config/sets/tools':
        'app-misc/greet   says hello (to you/me)  # app-misc/no\r\napp-misc/timepiece\tthe time\r@more it\n',
      'config/sets/more': 'a/b\n',
      'config/sets/unused': 'RDEPEND="|| ( a/b )"\n',
      'config/sets/dir/one': '%%\n',
    });
    symlinkSync('/var/db/repos/x/sets/x', join(site.path, 'config/sets/elsewhere'));
    commitFiles(portage(site.path), { 'other/file': 'x\n' });
    const read = readOrExplain(site.path);
    expect(read).toMatchObject({ tuples: expect.anything() as unknown, notes: [] });
    expect('sets' in read && read.sets.find(({ name }) => name === 'tools')).toMatchObject({
      atoms: ['app-misc/greet', 'app-misc/timepiece'],
      sets: ['@more'],
    });
  });

  it('may have a byte order mark, and bytes in a comment that are not UTF-8', () => {
    using site = temporarySite();
    const text = Buffer.concat([Buffer.from('\uFEFFapp-misc/greet # caf'), Buffer.of(0xe9), Buffer.from('\n')]);
    writeFiles(site.path, { 'config/sets/tools': text });
    const { sets } = readSite(site.path);
    expect(sets).toMatchObject([{ name: 'tools', atoms: ['app-misc/greet'], text: 'app-misc/greet # caf\uFFFD\n' }]);
  });

  it('may be a damaged set, or a set in a directory, of a branch if no tuple uses it', () => {
    using site = temporarySite();
    rmSync(join(portage(site.path), 'sets'), { recursive: true, force: true });
    writeFiles(site.path, { 'config/portage/sets/damaged': '%%\n', 'config/portage/sets/kde/apps': 'a/b\n' });
    symlinkSync('/var/db/repos/x/sets/x', join(portage(site.path), 'sets/elsewhere'));
    git(portage(site.path), 'add', '--force', 'sets');
    commitAll(portage(site.path));
    expect(readOrExplain(site.path)).toHaveProperty('tuples');
  });
});
