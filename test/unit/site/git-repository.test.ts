import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { GitFault } from '../../../src/site/git/git-fault.ts';
import { GitRepository } from '../../../src/site/git/git-repository.ts';
import { DirectoryTemplates } from './directory-templates.ts';
import { commitAll, fingerprint, git, gitScript, gitWithInput, temporaryDirectory, writeFiles } from './git-program.ts';

const gitTypes: Readonly<Record<string, string>> = {
  '100644': 'file',
  '100755': 'executable',
  '120000': 'symlink',
  '160000': 'submodule',
};

/** The entries of each commit as git itself lists them. */
function readByGit(directory: string, commits: readonly string[]) {
  const listed = gitScript(directory, 'for commit; do run ls-tree -r -z "$commit"; printf "\\001"; done', ...commits);
  const trees = listed.split('\u0001');
  return commits.map((commit, index) => ({
    commit,
    entries: (trees[index] ?? '')
      .split('\0')
      .filter(Boolean)
      .map((line) => {
        const [, mode = '', id = '', path = ''] = /^(\d+) \w+ (\w+)\t(.*)$/s.exec(line) ?? [];
        return { path, type: gitTypes[mode], id };
      })
      .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  }));
}

/** The contents of objects as git itself prints them, by their ids, in one process. */
function contentsByGit(directory: string, ids: readonly string[]): ReadonlyMap<string, string> {
  const output = gitWithInput(directory, ids.join('\n'), 'cat-file', '--batch');
  const contents = new Map<string, string>();
  for (let start = 0; start < output.length;) {
    const line = output.indexOf('\n', start);
    const [id = '', , size] = output.toString('utf8', start, line).split(' ');
    contents.set(id, output.toString('utf8', line + 1, line + 1 + Number(size)));
    start = line + 1 + Number(size) + 1;
  }
  return contents;
}

/** The commit of each branch by git; a branch of origin counts if there is no own branch of its name. */
function branchesByGit(directory: string): ReadonlyMap<string, string> {
  const format = '--format=%(objectname) %(refname)';
  const lines = git(directory, 'for-each-ref', format, 'refs/heads', 'refs/remotes/origin').split('\n');
  const commits = new Map<string, string>();
  for (const line of lines) {
    const [, commit = '', own, name = own] = /^(\w+) refs\/(?:heads\/(.+)|remotes\/origin\/(.+))$/.exec(line) ?? [];
    if (name !== undefined && name !== 'HEAD' && !commits.has(name)) commits.set(name, commit);
  }
  return commits;
}

/** Holds all that is read of a repository against git, and requires that reading it changed nothing. */
function expectAsGit(directory: string, site: string): GitRepository {
  const commits = branchesByGit(directory);
  const branches = [...commits.keys()].toSorted();
  const trees = readByGit(
    directory,
    branches.map((name) => commits.get(name) ?? ''),
  );
  const expected = trees.map((tree, index) => ({ ...tree, name: branches[index] }));
  const ids = expected.flatMap(({ entries }) => entries.filter(({ type }) => type !== 'submodule').map(({ id }) => id));
  const byId = contentsByGit(directory, [...new Set(ids)]);
  const contents = ids.map((id) => [id, byId.get(id)]);
  const before = fingerprint(site);
  const repository = new GitRepository(directory, site);
  expect(repository.branchNames).toEqual(branches);
  const read = branches.map((branch) => repository.readBranch(branch));
  expect(read).toEqual(expected);
  const files = read.flatMap(({ entries }) => entries.filter(({ type }) => type !== 'submodule'));
  expect(files.map((entry) => [entry.id, repository.readFile(entry).toString('utf8')])).toEqual(contents);
  repository.readWorkTree();
  expect(fingerprint(site)).toBe(before);
  return repository;
}

const base = {
  'make.conf': 'USE="a b"\n',
  'package.use/one': `${'app-misc/greet loud\n'.repeat(200)}`,
  'package.use/two': `${'app-misc/greet loud\n'.repeat(200)}dev-libs/greeting shout\n`,
  'env/a b "c" ü': 'odd name\n',
  'patches/app-misc/motto/a.patch': '',
};

/** The repositories that tests copy, by what they have. */
const templates = new DirectoryTemplates();
afterAll(() => templates[Symbol.dispose]());

/** Makes a repository as {@link fillRepository} does, which takes git two dozen processes. */
function makeRepository(directory: string, ...options: readonly string[]): void {
  templates.copy(`full ${options.join(' ')}`, directory, (template) => fillRepository(template, ...options));
}

/** Makes a repository with one commit, which has no file. */
function makeEmptyRepository(directory: string): void {
  templates.copy('empty', directory, (template) =>
    gitScript(template, 'run init --quiet\nrun commit --quiet --allow-empty --message=nothing'),
  );
}

/** A repository with several branches, a link, an executable, and versions of a large file that make deltas worth while. */
function fillRepository(directory: string, ...options: readonly string[]): void {
  git(directory, 'init', '--quiet', ...options);
  writeFiles(directory, base);
  symlinkSync('../../var/db/repos/gentoo/profiles/default', join(directory, 'make.profile'));
  writeFileSync(join(directory, 'bashrc'), '#!/bin/bash\n', { mode: 0o755 });
  commitAll(directory);
  for (let version = 1; version <= 6; version += 1) {
    writeFiles(directory, {
      large: `${'line of a large file\n'.repeat(8000)}${version}\n${'the end\n'.repeat(version)}`,
    });
    commitAll(directory);
    if (version % 2 === 0) git(directory, 'branch', `version/${version}`);
  }
}

const forms: readonly (readonly [string, readonly string[], (directory: string) => void])[] = [
  ['loose objects', [], () => {}],
  ['a pack with deltas by offset', [], (directory) => git(directory, 'gc', '--quiet', '--aggressive')],
  [
    'a pack with deltas by name',
    [],
    (directory) =>
      git(directory, '-c', 'repack.useDeltaBaseOffset=false', 'repack', '-adfq', '--depth=50', '--window=50'),
  ],
  [
    'a pack with offsets of 64 bits',
    [],
    (directory) => {
      git(directory, 'repack', '-adfq');
      const packs = join(directory, '.git/objects/pack');
      const pack = readdirSync(packs).find((file) => file.endsWith('.pack')) ?? '';
      git(packs, 'index-pack', '--index-version=2,0x40', pack);
    },
  ],
  ['packed references', [], (directory) => git(directory, 'pack-refs', '--all')],
  [
    'packed references of which one has moved on',
    [],
    (directory) => {
      git(directory, 'gc', '--quiet');
      writeFiles(directory, { 'make.conf': 'newer\n' });
      commitAll(directory);
    },
  ],
  [
    'several packs',
    [],
    (directory) =>
      [1, 2].forEach((number) => {
        writeFiles(directory, { [`pack${number}`]: 'x' });
        commitAll(directory);
        git(directory, 'repack', '-dq');
      }),
  ],
  ['names of 256 bits', ['--object-format=sha256'], () => {}],
  [
    'names of 256 bits in a pack',
    ['--object-format=sha256'],
    (directory) => git(directory, 'gc', '--quiet', '--aggressive'),
  ],
];

describe('a repository is read as git reads it', () => {
  it.each(forms)('%s', (_form, options, change) => {
    using site = temporaryDirectory();
    const directory = join(site.path, 'config/portage');
    makeRepository(directory, ...options);
    change(directory);
    expectAsGit(directory, site.path);
  });

  it('a bare repository', () => {
    using site = temporaryDirectory();
    makeRepository(join(site.path, 'work'));
    const directory = join(site.path, 'config/portage');
    git(site.path, 'clone', '--quiet', '--bare', 'work', directory);
    expect(expectAsGit(directory, site.path).readWorkTree()).toBeUndefined();
  });

  it('a submodule of the site', () => {
    using site = temporaryDirectory();
    using origin = temporaryDirectory();
    makeRepository(origin.path);
    git(site.path, 'init', '--quiet');
    git(site.path, 'submodule', '--quiet', 'add', origin.path, 'config/portage');
    const directory = join(site.path, 'config/portage');
    expect(readFileSync(join(directory, '.git'), 'utf8')).toBe('gitdir: ../../.git/modules/config/portage\n');
    expect(expectAsGit(directory, site.path).readWorkTree()).toMatchObject({ branch: 'base', uncommitted: [] });
  });

  it.each(['a\0b', '../../HEAD', 'x'.repeat(5000)])('a name in packed-refs that is no file of its own (%#)', (name) => {
    using site = temporaryDirectory();
    makeRepository(site.path);
    git(site.path, 'pack-refs', '--all');
    const id = git(site.path, 'rev-parse', 'version/4').trim();
    writeFileSync(join(site.path, '.git/packed-refs'), `${id} refs/heads/${name}\n`);
    expect(new GitRepository(site.path, site.path).readBranch(name).commit).toBe(id);
  });

  it('a symbolic reference to a packed branch', () => {
    using site = temporaryDirectory();
    makeRepository(site.path);
    git(site.path, 'symbolic-ref', 'refs/heads/stable', 'refs/heads/version/2');
    git(site.path, 'pack-refs', '--all');
    expect(expectAsGit(site.path, site.path).branchNames).toContain('stable');
  });

  it('a linked working tree of a repository in the site', () => {
    using site = temporaryDirectory();
    makeRepository(join(site.path, 'portage.git'));
    git(join(site.path, 'portage.git'), 'worktree', 'add', '-q', '../config/portage', 'version/4');
    const directory = join(site.path, 'config/portage');
    expect(expectAsGit(directory, site.path).readWorkTree()).toMatchObject({ branch: 'version/4', uncommitted: [] });
  });

  it('a clone with an alternate object directory in the site', () => {
    using site = temporaryDirectory();
    makeRepository(join(site.path, 'origin'));
    git(site.path, 'clone', '--quiet', '--shared', 'origin', 'config/portage');
    expectAsGit(join(site.path, 'config/portage'), site.path);
  });

  it('a shallow clone', () => {
    using site = temporaryDirectory();
    makeRepository(join(site.path, 'origin'));
    git(site.path, 'clone', '--quiet', '--depth=1', `file://${site.path}/origin`, 'config/portage');
    expectAsGit(join(site.path, 'config/portage'), site.path);
  });

  it('a detached HEAD', () => {
    using site = temporaryDirectory();
    makeRepository(join(site.path, 'portage'));
    git(join(site.path, 'portage'), 'checkout', '--quiet', '--detach', 'HEAD~3');
    const repository = expectAsGit(join(site.path, 'portage'), site.path);
    expect(repository.readWorkTree()).toMatchObject({ branch: undefined, uncommitted: [] });
  });

  it('any committed files', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'b', 'ü', ' ', '.', '-', '"', '\\'),
      minLength: 1,
      maxLength: 6,
    });
    const path = fc
      .array(
        name.filter((text) => !/^\.+$/.test(text)),
        { minLength: 1, maxLength: 3 },
      )
      .map((parts) => `x${parts.join('/')}`);
    const tree = fc.dictionary(path, fc.string({ maxLength: 300 }), { minKeys: 1, maxKeys: 8 });
    fc.assert(
      fc.property(tree, fc.boolean(), (files, isPacked) => {
        using site = temporaryDirectory();
        git(site.path, 'init', '--quiet');
        const paths = Object.keys(files);
        const possible = paths.filter((one) => !paths.some((other) => other.startsWith(`${one}/`)));
        for (const one of possible) writeFiles(site.path, { [one]: files[one] ?? '' });
        chmodSync(join(site.path, possible[0] ?? ''), 0o755);
        commitAll(site.path);
        if (isPacked) git(site.path, 'gc', '--quiet');
        expectAsGit(site.path, site.path);
      }),
      { numRuns: 12 },
    );
  });
});

describe('a repository that cannot be used', () => {
  const cases: readonly (readonly [string, (site: string, directory: string) => void, string | RegExp])[] = [
    ['no repository', () => {}, 'it is not a git repository; make one with: git init'],
    [
      'no commit',
      (_site, directory) => git(directory, 'init', '--quiet'),
      'it has no commit; make one with: git commit',
    ],
    [
      'a .git file that points nowhere',
      (_site, directory) => writeFileSync(join(directory, '.git'), 'gitdir: /nowhere/at/all\n'),
      'its .git file points to /nowhere/at/all, which does not exist',
    ],
    [
      'a .git file with something else in it',
      (_site, directory) => writeFileSync(join(directory, '.git'), 'hello\n'),
      'it is not a git repository: its .git is neither a directory nor a pointer',
    ],
    [
      'an empty .git',
      (_site, directory) => mkdirSync(join(directory, '.git')),
      /^it is not a git repository: \.git has no HEAD/,
    ],
    [
      'a format from the future',
      (_site, directory) => {
        makeRepository(directory);
        git(directory, 'config', 'core.repositoryformatversion', '2');
      },
      'zentoo does not support its format, version 2',
    ],
    [
      'reftables',
      (_site, directory) => {
        makeRepository(directory);
        writeFileSync(
          join(directory, '.git/config'),
          '[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n',
        );
      },
      'zentoo does not support its format of references, reftable: git refs migrate --ref-format=files',
    ],
  ];
  it.each(cases)('%s', (_name, make, message) => {
    using site = temporaryDirectory();
    const directory = join(site.path, 'config/portage');
    mkdirSync(directory, { recursive: true });
    make(site.path, directory);
    const open = () => new GitRepository(directory, site.path);
    expect(open).toThrow(GitFault);
    expect(open).toThrow(message);
  });

  const outside: readonly (readonly [string, (origin: string, directory: string) => void, string])[] = [
    [
      'a linked working tree',
      (origin, directory) => git(origin, 'worktree', 'add', '-q', directory, 'version/4'),
      'its repository lies outside the site, in ',
    ],
    ['a link', (origin, directory) => symlinkSync(origin, directory), 'it lies outside the site, in '],
    [
      'a .git that is a link',
      (origin, directory) => {
        mkdirSync(directory);
        symlinkSync(join(origin, '.git'), join(directory, '.git'));
      },
      'its repository lies outside the site, in ',
    ],
    [
      'a clone with an alternate object directory',
      (origin, directory) => git(origin, 'clone', '--quiet', '--shared', origin, directory),
      'its alternate object directory lies outside the site, in ',
    ],
  ];
  it.each(outside)('%s whose repository lies outside the site', (_name, make, message) => {
    using site = temporaryDirectory();
    using origin = temporaryDirectory();
    makeRepository(origin.path);
    make(origin.path, join(site.path, 'portage'));
    expect(() => new GitRepository(join(site.path, 'portage'), site.path)).toThrow(message + origin.path);
  });

  it.each([
    ['a missing object', (path: string) => rmSync(path)],
    ['a truncated object', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 12))],
    [
      'an object in the place of another',
      (path: string) => writeFileSync(path, readFileSync(join(path, '../../..', 'HEAD'))),
    ],
  ])('%s', (_name, damage) => {
    using site = temporaryDirectory();
    git(site.path, 'init', '--quiet');
    writeFiles(site.path, { file: 'one' });
    commitAll(site.path);
    const commit = git(site.path, 'rev-parse', 'HEAD').trim();
    const path = join(site.path, '.git/objects', commit.slice(0, 2), commit.slice(2));
    chmodSync(path, 0o644);
    damage(path);
    expect(() => new GitRepository(site.path, site.path).readBranch('base')).toThrow(GitFault);
  });

  it('a pack with any changed byte is read correctly or is a fault', () => {
    using site = temporaryDirectory();
    makeRepository(site.path);
    git(site.path, 'gc', '--quiet', '--aggressive');
    const right = readAll(site.path);
    const packs = join(site.path, '.git/objects/pack');
    const files = readdirSync(packs).filter((file) => /\.(?:pack|idx)$/.test(file));
    const position = fc.tuple(
      fc.constantFrom(...files),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      fc.integer({ min: 1, max: 255 }),
    );
    fc.assert(
      fc.property(position, ([file, where, change]) => {
        const path = join(packs, file);
        const bytes = readFileSync(path);
        const damaged = Buffer.from(bytes);
        const index = Math.floor(where * bytes.length);
        damaged[index] = (damaged[index] ?? 0) ^ change;
        chmodSync(path, 0o644);
        writeFileSync(path, damaged);
        try {
          expect(readAll(site.path)).toEqual(right);
        } catch (error) {
          expect(error).toBeInstanceOf(GitFault);
        } finally {
          writeFileSync(path, bytes);
        }
      }),
      { numRuns: 150 },
    );
  });

  function readAll(directory: string): readonly string[] {
    const repository = new GitRepository(directory, directory);
    const entries = repository.branchNames.flatMap((name) => repository.readBranch(name).entries);
    return entries.map((entry) => `${entry.path} ${repository.readFile(entry).toString('base64')}`);
  }

  it('a named pipe in the place of one of its files is not waited for', () => {
    using site = temporaryDirectory();
    const places = ['.git', 'HEAD', '.idx', '.pack', 'object'];
    const directories = places.map((place) => join(site.path, place));
    for (const [index, place] of places.entries()) putPipe(directories[index] ?? '', place);
    // In a process of its own, which can be ended: whoever reads a pipe without a writer waits for one.
    const program = `
      const [module, ...directories] = process.argv.slice(1);
      const { GitRepository } = await import(module);
      for (const directory of directories)
        try {
          const repository = new GitRepository(directory, directory);
          for (const name of repository.branchNames) for (const entry of repository.readBranch(name).entries) repository.readFile(entry);
          repository.readWorkTree();
          console.log('read');
        } catch (error) {
          console.log(error.constructor.name);
        }`;
    const module = join(import.meta.dirname, '../../../src/site/git/git-repository.ts');
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program, module, ...directories], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect([run.status, run.stderr]).toEqual([0, '']);
    const kinds = run.stdout.trimEnd().split('\n');
    expect(places.map((place, index) => [place, kinds[index]])).toEqual(places.map((place) => [place, 'GitFault']));
  });

  /** Makes a repository with a named pipe in the place of a file whose path ends in this way. */
  function putPipe(directory: string, place: string): void {
    makeRepository(directory);
    if (/idx|pack/.test(place)) git(directory, 'gc', '--quiet');
    const commit = git(directory, 'rev-parse', 'HEAD').trim();
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    const end = place === 'object' ? `${commit.slice(0, 2)}/${commit.slice(2)}` : place;
    const file = join(directory, names.toSorted().find((name) => name.endsWith(end)) ?? '');
    rmSync(file, { recursive: true });
    execFileSync('mkfifo', [file]);
  }

  it('a tree with a name that leads out of it', () => {
    using site = temporaryDirectory();
    git(site.path, 'init', '--quiet');
    writeFiles(site.path, { file: 'one' });
    commitAll(site.path);
    const blob = git(site.path, 'rev-parse', 'HEAD:file').trim();
    const tree = Buffer.concat([Buffer.from('100644 ..\0'), Buffer.from(blob, 'hex')]);
    writeFileSync(join(site.path, 'tree'), tree);
    const id = git(site.path, 'hash-object', '-t', 'tree', '-w', '--literally', 'tree').trim();
    const commit = git(site.path, 'commit-tree', '-m', 'evil', id).trim();
    git(site.path, 'update-ref', 'refs/heads/evil', commit);
    expect(() => new GitRepository(site.path, site.path).readBranch('evil')).toThrow(
      "it has a file with a name that is not allowed: '..'",
    );
  });
});

describe('names of branches', () => {
  it.each([
    ['-x', 'begins with a hyphen, as an option does'],
    ['a..b', 'contains ..'],
    ['a b', 'contains white space'],
    ['a\u0007b', 'contains a control character'],
    ['a~b', 'contains ~'],
    ['x.lock/y', 'is not allowed by git'],
    ['.x', 'is not allowed by git'],
  ])('%j is none', (name, fault) => {
    using site = temporaryDirectory();
    makeRepository(site.path);
    const id = git(site.path, 'rev-parse', 'base').trim();
    writeFiles(join(site.path, '.git/refs/heads'), { [name]: `${id}\n` });
    const repository = new GitRepository(site.path, site.path);
    expect(repository.branchNameFaults).toEqual([{ name, fault }]);
    expect(repository.branchNames).not.toContain(name);
  });

  it('allows the names that git allows, except those with a leading hyphen', () => {
    using site = temporaryDirectory();
    makeRepository(site.path);
    const name = fc.string({
      unit: fc.constantFrom('a', 'b', '-', '.', '/', '@', '{', '~', ' ', ':', '\\', '\u007f', '.lock'),
      minLength: 1,
      maxLength: 5,
    });
    const names = fc.array(
      name.filter((text) => !/^[./-]|\/\/|\/$|\/\./.test(text)),
      { minLength: 60, maxLength: 60 },
    );
    const id = git(site.path, 'rev-parse', 'version/4').trim();
    fc.assert(
      fc.property(names, (texts) => {
        const ours = texts.map((text) => {
          writeFiles(join(site.path, '.git'), { 'packed-refs': `${id} refs/heads/${text}\n` });
          return [text, new GitRepository(site.path, site.path).branchNames.includes(text)];
        });
        const accepted = acceptedByGit(texts);
        expect(ours).toEqual(texts.map((text, index) => [text, accepted[index]]));
      }),
      { numRuns: 1 },
    );
  });
});

/** Whether git accepts each of these names of branches; one shell runs git for all of them. */
function acceptedByGit(names: readonly string[]): readonly boolean[] {
  const script = 'for name; do git check-ref-format "refs/heads/$name" && echo yes || echo no; done';
  const answers = execFileSync('sh', ['-c', script, 'sh', ...names], { encoding: 'utf8' });
  return answers
    .trimEnd()
    .split('\n')
    .map((answer) => answer === 'yes');
}

describe('uncommitted work', () => {
  /** What git says differs from HEAD, new files one by one. */
  const byGit = (directory: string) =>
    git(directory, 'status', '--porcelain', '-z', '--untracked-files=all', '--no-renames')
      .split('\0')
      .filter(Boolean)
      .map((line) => line.slice(3))
      .toSorted();
  const byUs = (directory: string, except?: string) =>
    new GitRepository(directory, directory).readWorkTree(except)?.uncommitted;

  it.each<readonly [string, (directory: string) => void, readonly string[]]>([
    ['nothing', () => {}, []],
    ['a changed file', (directory) => writeFiles(directory, { 'make.conf': 'x' }), ['make.conf']],
    [
      'a file that is too large to be read',
      (directory) => truncateSync(join(directory, 'large'), 3 * 2 ** 30),
      ['large'],
    ],
    ['a new file', (directory) => writeFiles(directory, { 'package.use/new': 'x' }), ['package.use/new']],
    ['a removed file', (directory) => rmSync(join(directory, 'large')), ['large']],
    ['an executable bit', (directory) => chmodSync(join(directory, 'make.conf'), 0o755), ['make.conf']],
    [
      'a link that leads elsewhere',
      (directory) => {
        rmSync(join(directory, 'make.profile'));
        symlinkSync('elsewhere', join(directory, 'make.profile'));
      },
      ['make.profile'],
    ],
    [
      'a file in the place of a directory',
      (directory) => {
        rmSync(join(directory, 'package.use'), { recursive: true });
        writeFiles(directory, { 'package.use': 'x' });
      },
      ['package.use', 'package.use/one', 'package.use/two'],
    ],
    [
      'what is staged',
      (directory) => {
        writeFiles(directory, { 'make.conf': 'x', staged: 'y' });
        git(directory, 'add', '--all');
      },
      ['make.conf', 'staged'],
    ],
    [
      'a renamed file',
      (directory) => renameSync(join(directory, 'large'), join(directory, 'larger')),
      ['large', 'larger'],
    ],
    ['an ignored file', (directory) => writeFiles(directory, { '.git/info/exclude': 'x*\n', xyz: '' }), []],
  ])('%s', (_name, change, expected) => {
    using site = temporaryDirectory();
    makeRepository(site.path);
    change(site.path);
    expect(byUs(site.path)).toEqual(expected);
    expect(byGit(site.path)).toEqual(expected);
  });

  it('ignores new files below the excepted directory, and reports changed ones', () => {
    using site = temporaryDirectory();
    makeRepository(site.path);
    writeFiles(site.path, { 'sets/own': 'app-misc/greet\n' });
    commitAll(site.path);
    writeFiles(site.path, { 'sets/shared': 'app-misc/greet\n' });
    expect(byUs(site.path, 'sets')).toEqual([]);
    writeFiles(site.path, { 'sets/own': 'app-misc/hello\n' });
    expect(byUs(site.path, 'sets')).toEqual(['sets/own']);
  });

  it.each(['/***', '***', 'd/***', '***/a', 'd/***/a', '****/d/***'])('is what git says with %j', (pattern) => {
    using site = temporaryDirectory();
    makeEmptyRepository(site.path);
    writeFiles(site.path, {
      a: '',
      b: '',
      'd/a': '',
      'd/e/a': '',
      'd/e/b.c': '',
      'de/a': '',
      'e/a': '',
      '.gitignore': `a\n!${pattern}\n`,
    });
    expect(byUs(site.path)).toEqual(byGit(site.path));
  });

  it.each([
    'e\\/a',
    'd\\/e/a',
    'd\\/**',
    'd/**\\/a',
    '\\/a',
    'd\\/',
    '\\a',
    'd\\\\/a',
    'd\\/e\\/**/b.c',
    'd\\/**/**',
    '[e\\/]/a',
  ])('is what git says with the escaped slash of %j', (pattern) => {
    using site = temporaryDirectory();
    makeEmptyRepository(site.path);
    writeFiles(site.path, { a: '', 'd/a': '', 'd/e/a': '', 'd/e/b.c': '', 'e/a': '', '.gitignore': `${pattern}\n` });
    expect(byUs(site.path)).toEqual(byGit(site.path));
  });

  it('is found with any number of asterisks in a pattern', () => {
    using site = temporaryDirectory();
    makeRepository(site.path);
    const name = 'a'.repeat(200);
    writeFiles(site.path, { '.git/info/exclude': `${'*a'.repeat(60)}b\n${'**/a*/'.repeat(60)}b\n`, [name]: '' });
    // With backtracking this takes longer than the test's time limit.
    expect(byUs(site.path)).toEqual([name]);
  });

  it('equals the list of git for any .gitignore', () => {
    using site = temporaryDirectory();
    // One run of git answers for ten directories.
    const places = ['', ...Array.from({ length: 10 }, (_, index) => `${index}/`)];
    const names = ['a', 'b', 'ab', 'a.b', 'd/a', 'd/ab', 'd/e/a', 'd/e/b.c', 'e/a', 'e/d/ab', '!a', 'a b'];
    makeEmptyRepository(site.path);
    for (const place of places) writeFiles(site.path, Object.fromEntries(names.map((name) => [place + name, ''])));
    const pattern = fc.string({
      unit: fc.constantFrom('a', 'b', 'd', 'e', '/', '*', '**/', '/**', '?', '[ab]', '[!a]', '.', '!', '\\', ' ', '#'),
      maxLength: 5,
    });
    // Git strips a literal beginning before it matches the rest: it takes `a**/b` for `**/b` behind an a, and `a**` for `**`.
    // Nor does it take an escaped slash for a slash everywhere: `\/` before or between asterisks is now this, now that.
    const rule = pattern.filter((text) => !/(?:[^/!]|.!)\*\*+(?:\/|$)|\\\//.test(text));
    const file = fc.array(rule, { maxLength: 4 }).map((lines) => lines.join('\n'));
    const { length } = places;
    const pairs = fc.array(fc.tuple(file, file), { minLength: length, maxLength: length });
    fc.assert(
      fc.property(pairs, fc.boolean(), (files, hasTop) => {
        for (const [index, place] of places.entries()) {
          const [top, below] = hasTop || place !== '' ? (files[index] ?? ['', '']) : ['', ''];
          writeFiles(site.path, { [`${place}.gitignore`]: top, [`${place}d/.gitignore`]: below });
        }
        expect(byUs(site.path)).toEqual(byGit(site.path));
      }),
      { numRuns: 20 },
    );
  });
});

it('a repository can be moved with its site', () => {
  using site = temporaryDirectory();
  using other = temporaryDirectory();
  makeRepository(join(site.path, 'portage.git'));
  cpSync(site.path, join(other.path, 'copy'), { recursive: true, verbatimSymlinks: true });
  expectAsGit(join(other.path, 'copy/portage.git'), join(other.path, 'copy'));
});
