import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findChangesCommand,
  parseRestoration,
  parseTreeChanges,
  parseRecordedTree,
  recordTreeCommand,
  restoreTreeCommand,
  type TreeChanges,
  type RecordedTree,
} from '../../../src/job/tree/tree-state.ts';
import { DirectoryTemplates } from '../site/directory-templates.ts';
import { commitAll, git, gitScript, temporaryDirectory, writeFiles } from '../site/git-program.ts';

const templates = new DirectoryTemplates();
let directory: ReturnType<typeof temporaryDirectory>;
/** A clone, as Portage's sync makes it, with a file that git does not know. */
let tree: string;
let state: RecordedTree;

const files = {
  'profiles/repo_name': 'gentoo\n',
  'eclass/a.eclass': 'a\n',
  'app-misc/motto/motto-1.ebuild': 'EAPI=8\n',
  'app-misc/hello/hello-1.ebuild': 'EAPI=8 # hello\n',
};

function run(command: readonly string[]): string {
  const [program = '', ...args] = command;
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });
}

function changes(withGit = true): TreeChanges {
  const found = parseTreeChanges(run(findChangesCommand(tree, state, withGit)));
  if (found === undefined) throw new Error('the changes are incomplete');
  return found;
}

const restore = () => parseRestoration(run(restoreTreeCommand(tree, state)));
const inTree = (path: string): string => join(tree, path);

function write(path: string, text = 'x\n'): void {
  mkdirSync(dirname(inTree(path)), { recursive: true });
  writeFileSync(inTree(path), text);
}

/** Everything that a later build can notice: types, modes, owners and contents; of git's index, what it says. */
function look(): Record<string, unknown> {
  const entries = readdirSync(tree, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (path === inTree('.git/index')) return [];
    const { mode, uid, gid } = statSync(path);
    return [[path.slice(tree.length + 1), [mode, uid, gid, entry.isFile() && readFileSync(path, 'latin1')]] as const];
  });
  const said = gitScript(tree, 'run status\nrun ls-files');
  const { mode, uid, gid } = statSync(tree);
  return { ...Object.fromEntries(entries), said, top: [mode, uid, gid] };
}

beforeEach(() => {
  directory = temporaryDirectory();
  tree = join(directory.path, 'tree');
  templates.copy('clone', directory.path, (template) => {
    const upstream = join(template, 'upstream');
    writeFiles(upstream, files);
    git(upstream, 'init', '--quiet');
    commitAll(upstream);
    git(template, 'clone', '--quiet', '--depth', '1', `file://${upstream}`, join(template, 'tree'));
  });
  // As after a clone: the index has the inodes and times of the files.
  git(tree, 'update-index', '--refresh');
  write('metadata/md5-cache/app-misc/motto-1', 'by a hook of the sync\n');
  const recorded = parseRecordedTree(run(recordTreeCommand(tree)));
  if (recorded === undefined) throw new Error('the state is incomplete');
  state = recorded;
});
afterEach(() => directory[Symbol.dispose]());
afterAll(() => templates[Symbol.dispose]());

/** The changes that a package may make. */
const attacks: Readonly<Record<string, { readonly attack: () => void; readonly named: readonly string[] }>> = {
  'changes an ebuild, and sets its times back': {
    attack: () => {
      const path = inTree('app-misc/motto/motto-1.ebuild');
      const { atime, mtime } = statSync(path);
      writeFileSync(path, 'EAPI=9\n');
      utimesSync(path, atime, mtime);
    },
    named: ['app-misc/motto/motto-1.ebuild'],
  },
  'adds an ebuild': {
    attack: () => write('app-misc/evil/evil-1.ebuild'),
    named: ['app-misc/evil/evil-1.ebuild'],
  },
  'removes an ebuild': {
    attack: () => rmSync(inTree('app-misc/motto/motto-1.ebuild')),
    named: ['app-misc/motto'],
  },
  'exchanges two packages': {
    attack: () => {
      renameSync(inTree('app-misc/motto'), inTree('app-misc/x'));
      renameSync(inTree('app-misc/hello'), inTree('app-misc/motto'));
      renameSync(inTree('app-misc/x'), inTree('app-misc/hello'));
    },
    named: ['app-misc/hello', 'app-misc/motto'],
  },
  'puts a link in the place of an eclass': {
    attack: () => {
      rmSync(inTree('eclass/a.eclass'));
      symlinkSync('../app-misc/motto/motto-1.ebuild', inTree('eclass/a.eclass'));
    },
    named: ['eclass/a.eclass'],
  },
  'puts a directory in the place of an eclass': {
    attack: () => {
      rmSync(inTree('eclass/a.eclass'));
      write('eclass/a.eclass/x');
    },
    named: ['eclass/a.eclass/x'],
  },
  'changes modes': {
    attack: () => {
      chmodSync(inTree('eclass'), 0o777);
      chmodSync(inTree('eclass/a.eclass'), 0o666);
      chmodSync(tree, 0o777);
    },
    named: ['eclass/a.eclass'],
  },
  "changes git's configuration": {
    attack: () => write('.git/config', `[core]\n\tfsmonitor = touch ${inTree('ran')}; false\n`),
    named: ['.git/config'],
  },
  'adds a hook': {
    attack: () => {
      write('.git/hooks/post-index-change', `#!/bin/sh\ntouch ${inTree('ran')}\n`);
      chmodSync(inTree('.git/hooks/post-index-change'), 0o755);
    },
    named: ['.git/hooks/post-index-change'],
  },
  'commits its change': {
    attack: () => {
      write('app-misc/motto/motto-1.ebuild', 'EAPI=9\n');
      commitAll(tree);
    },
    named: ['.git/refs/heads/base', 'app-misc/motto/motto-1.ebuild'],
  },
  "hides its change in git's index": {
    attack: () => {
      write('app-misc/motto/motto-1.ebuild', 'EAPI=9\n');
      git(tree, 'update-index', '--assume-unchanged', 'app-misc/motto/motto-1.ebuild');
    },
    named: ['.git/index', 'app-misc/motto/motto-1.ebuild'],
  },
  'adds a git directory to a package': {
    attack: () => write('app-misc/motto/.git/config'),
    named: ['app-misc/motto/.git/config'],
  },
  'lets git take objects from elsewhere': {
    attack: () => write('.git/objects/info/alternates', '/nonexistent\n'),
    named: ['.git/objects/info/alternates'],
  },
};

describe('the comparison of a tree with its state', () => {
  it('finds nothing if nothing has changed, whatever git and Portage read', () => {
    readFileSync(inTree('eclass/a.eclass'));
    git(tree, '--no-optional-locks', 'status');
    expect(changes()).toEqual({ lock: 'exclusive', stamp: state.stamp, paths: [] });
  });

  it.each(Object.entries(attacks))('names and undoes it if a package %s', (_what, { attack, named }) => {
    const before = look();
    attack();
    const { lock, paths } = changes();
    expect([lock, paths]).toEqual(['exclusive', expect.arrayContaining([...named])]);
    expect(restore()).toBe('restored');
    expect(look()).toEqual(before);
    expect(existsSync(inTree('ran'))).toBe(false);
  });

  it('leaves the git directory out on request', () => {
    write('.git/config');
    expect(changes(false).paths).toEqual([]);
  });

  it('keeps the files that git does not know if they are as they were', () => {
    write('app-misc/evil/evil-1.ebuild');
    expect(restore()).toBe('restored');
    expect(readFileSync(inTree('metadata/md5-cache/app-misc/motto-1'), 'utf8')).toBe('by a hook of the sync\n');
  });

  it('removes the directory of a file that git does not know if a package adds a file to it', () => {
    write('metadata/md5-cache/app-misc/evil-1');
    expect(changes().paths).toEqual(['metadata/md5-cache/app-misc/evil-1']);
    expect(restore()).toBe('restored');
    expect(readdirSync(inTree('metadata/md5-cache'))).toEqual([]);
  });

  it.each([
    ["removes git's objects", () => rmSync(inTree('.git/objects'), { recursive: true })],
    ['removes the git directory', () => rmSync(inTree('.git'), { recursive: true })],
    [
      'changes an object of git',
      () => {
        const [pack = ''] = readdirSync(inTree('.git/objects/pack')).filter((name) => name.endsWith('.pack'));
        chmodSync(inTree(`.git/objects/pack/${pack}`), 0o644);
        write(`.git/objects/pack/${pack}`);
        write('eclass/a.eclass');
      },
    ],
    [
      'puts a link in the place of the git directory',
      () => {
        renameSync(inTree('.git'), join(directory.path, 'git'));
        symlinkSync(join(directory.path, 'git'), inTree('.git'));
      },
    ],
  ])('empties the tree, and nothing else, if a package %s', (_what, attack) => {
    attack();
    expect(restore()).toBe('emptied');
    expect(readdirSync(tree)).toEqual([]);
    expect(existsSync(join(directory.path, 'upstream/eclass/a.eclass'))).toBe(true);
  });

  it.each(['shared', 'exclusive'] as const)('changes nothing while another process has a lock (%s)', async (mode) => {
    write('eclass/a.eclass');
    const holder = spawn('sh', ['-c', `exec flock --${mode} "$0" sh -c "echo locked; read -r line"`, tree]);
    await once(holder.stdout, 'data');
    expect(changes()).toMatchObject(
      mode === 'shared' ? { lock: 'shared', paths: ['eclass/a.eclass'] } : { lock: 'none', paths: [] },
    );
    expect(restore()).toBe('busy');
    expect(readFileSync(inTree('eclass/a.eclass'), 'utf8')).toBe('x\n');
    holder.stdin.end();
    await once(holder, 'close');
  });

  it('restores nothing of the git directory without its files, which were too many', () => {
    state = { ...state, gitFiles: '' };
    write('.git/config');
    expect(restore()).toBe('emptied');
  });

  it.each(['', '1.5\0', '\x000:0\x00755\x00\x00\0', '1.5\0\x00755\x00\x00\0', '1.5\x000:0\0\x00\x00\0'])(
    'needs the time, the owner and the mode of the state: %j is not enough',
    (output) => {
      expect(parseRecordedTree(output)).toBeUndefined();
    },
  );

  it.each(['1.5\x000:0\x00755', '1.5\x000:0\x00755\0s', '1.5\x000:0\x00755\0s\0g', '1.5\x000:0\x00755\0s\0g\0x'])(
    'needs all fields of the state, each with its end: %j is not enough',
    (output) => {
      expect(parseRecordedTree(output)).toBeUndefined();
    },
  );

  it('has a state without a stamp and without files of git', () => {
    const [time, owner, mode] = ['1.5', '0:0', '755'];
    expect(parseRecordedTree('1.5\x000:0\x00755\x00\x00\0')).toEqual({ time, owner, mode, stamp: '', gitFiles: '' });
  });

  it('needs to know who uses the tree, and a result of the restoration', () => {
    for (const output of ['', 'exclusive', 'other\0s\0f a\0']) expect(parseTreeChanges(output)).toBeUndefined();
    for (const output of ['', 'restored', 'restored\nx']) expect(parseRestoration(output)).toBeUndefined();
    for (const word of ['restored', 'emptied', 'busy']) expect(parseRestoration(`${word}\n`)).toBe(word);
  });

  it.each<[string, TreeChanges]>([
    ['none\0', { lock: 'none', stamp: '', paths: [] }],
    ['exclusive\0s\0', { lock: 'exclusive', stamp: 's', paths: [] }],
    ['shared\0s\0d \0', { lock: 'shared', stamp: 's', paths: ['.'] }],
    ['shared\0s\0d \0f b\0f a\0', { lock: 'shared', stamp: 's', paths: ['a', 'b'] }],
    ['shared\0s\0d \0d a\0d b\0f a/x y\0', { lock: 'shared', stamp: 's', paths: ['a/x y', 'b'] }],
    ['shared\0s\0d a\0d a/b\0d a/b/c\0', { lock: 'shared', stamp: 's', paths: ['a/b/c'] }],
  ])('names files, and directories only if no change in them is named: %j', (output, expected) => {
    expect(parseTreeChanges(output)).toEqual(expected);
  });

  it('is made by programs whose errors have their names', () => {
    const commands = [recordTreeCommand(tree), findChangesCommand(tree, state, true), restoreTreeCommand(tree, state)];
    expect(commands.map(([, , , name]) => name)).toEqual([
      'gentoo-builder-state',
      'gentoo-builder-changes',
      'gentoo-builder-restore',
    ]);
  });
});
