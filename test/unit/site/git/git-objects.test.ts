import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { findGitDirectory } from '../../../../src/site/git/git-directory.ts';
import { GitFault } from '../../../../src/site/git/git-fault.ts';
import { objectId, type ObjectType } from '../../../../src/site/git/git-object.ts';
import { GitObjects } from '../../../../src/site/git/git-objects.ts';
import { readCommitTree } from '../../../../src/site/git/git-tree.ts';
import { temporaryDirectory, writeFiles } from '../git-program.ts';

const empty = { '.git/HEAD': 'ref: refs/heads/base\n', '.git/objects/info/x': '', '.git/refs/heads/x': '' };

/** A repository to which a test adds loose objects. */
class Repository implements Disposable {
  readonly #site = temporaryDirectory();
  readonly path = this.#site.path;

  constructor(files: Readonly<Record<string, string>> = {}) {
    writeFiles(this.path, { ...empty, ...files });
  }

  get objects(): GitObjects {
    return new GitObjects(findGitDirectory(this.path, this.path), this.path);
  }

  /** Writes an object below a directory of objects, and returns its id. */
  add(type: ObjectType, content: string | Buffer, directory = '.git/objects'): string {
    const bytes = Buffer.from(content);
    const id = objectId({ type, content: bytes }, 'sha1');
    this.write(id, deflateSync(Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes])), directory);
    return id;
  }

  write(id: string, bytes: Buffer, directory = '.git/objects'): void {
    mkdirSync(join(this.path, directory, id.slice(0, 2)), { recursive: true });
    writeFileSync(join(this.path, directory, id.slice(0, 2), id.slice(2)), bytes);
  }

  /** Writes a tree and a commit of it, and returns the id of the commit. */
  commit(...entries: readonly (readonly [mode: string, name: string | Buffer, id: string])[]): string {
    return this.add('commit', `tree ${this.tree(...entries)}\nauthor x\n\nx\n`);
  }

  tree(...entries: readonly (readonly [mode: string, name: string | Buffer, id: string])[]): string {
    const parts = entries.map(([mode, name, id]) =>
      Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(id, 'hex')]),
    );
    return this.add('tree', Buffer.concat(parts));
  }

  [Symbol.dispose](): void {
    this.#site[Symbol.dispose]();
  }
}

const absent = 'a'.repeat(40);
const damaged = (id: string) => new GitFault(`the object ${id} is damaged: run git fsck for details`);

describe('an object of a repository', () => {
  it('is read if its content has its id', () => {
    using repository = new Repository();
    const id = repository.add('blob', 'hello');
    expect(repository.objects.read(id, 'blob').toString()).toBe('hello');
    expect(repository.objects.findFault(id)).toBeUndefined();
  });

  it('is not another type', () => {
    using repository = new Repository();
    const id = repository.add('blob', 'hello');
    expect(() => repository.objects.read(id, 'tree')).toThrow(new GitFault(`the object ${id} is a blob, not a tree`));
  });

  it('is missing, or damaged by an empty file', () => {
    using repository = new Repository();
    const missing = `the object ${absent} is missing: run git fsck for details`;
    expect(() => repository.objects.read(absent, 'blob')).toThrow(new GitFault(missing));
    expect(repository.objects.findFault(absent)).toBe(missing);
    repository.write(absent, Buffer.alloc(0));
    expect(repository.objects.findFault(absent)).toBe(damaged(absent).message);
  });

  it.each([
    ['that is no stream of zlib', Buffer.from('hello')],
    ['with the content of another object', deflateSync('blob 5\0hello')],
    ['of an unknown type', deflateSync('blub 5\0hello')],
    ['with something before its type', deflateSync('x blob 5\0hello')],
    ['with something behind its length', deflateSync('blob 5x\0hello')],
    ['without a head', deflateSync('hello')],
    ['without a byte', deflateSync('')],
    ['with too long a head', deflateSync(`blob ${'5'.repeat(50)}\0hello`)],
  ])('%s is damaged', (_what, bytes) => {
    using repository = new Repository();
    repository.write(absent, bytes);
    expect(() => repository.objects.read(absent, 'blob')).toThrow(damaged(absent));
  });

  it('is read from the directories that alternates name, which may name others', () => {
    using repository = new Repository({
      '.git/objects/info/alternates': '# a comment\n\n../../one\n../../one\n',
      'one/info/alternates': '../two\n../.git/objects\n',
    });
    const id = repository.add('blob', 'hello', 'two');
    expect(repository.objects.read(id, 'blob').toString()).toBe('hello');
    expect(repository.objects.findFault(id)).toBeUndefined();
  });

  it('is not read from a directory outside the site', () => {
    using repository = new Repository({ '.git/objects/info/alternates': '/usr/share\n' });
    expect(() => repository.objects).toThrow(
      'its alternate object directory lies outside the site, in /usr/share: clone it into the site instead',
    );
  });
});

describe('the tree of a commit', () => {
  it('has all files, sorted by path, with their types', () => {
    using repository = new Repository();
    const below = repository.tree(['100644', 'x', absent], ['40000', 'e', repository.tree(['100755', 'y', absent])]);
    const commit = repository.commit(
      ['100644', 'd-', absent],
      ['40000', 'd', below],
      ['120000', 'link', absent],
      ['160000', 'module', absent],
      ['100664', 'é', absent],
    );
    expect(readCommitTree(repository.objects, commit)).toEqual([
      { path: 'd-', type: 'file', id: absent },
      { path: 'd/e/y', type: 'executable', id: absent },
      { path: 'd/x', type: 'file', id: absent },
      { path: 'link', type: 'symlink', id: absent },
      { path: 'module', type: 'submodule', id: absent },
      { path: 'é', type: 'file', id: absent },
    ]);
  });

  it.each(['.', '..', '.git', '.GIT', '.Git', '', 'a/b', '/'])('with the name %j is refused', (name) => {
    using repository = new Repository();
    const commit = repository.commit(['40000', 'd', repository.tree(['100644', name, absent])]);
    expect(() => readCommitTree(repository.objects, commit)).toThrow(
      new GitFault(`it has a file with a name that is not allowed: 'd/${name}'`),
    );
  });

  it.each(['...', '.gitignore', 'git', '.git2', 'a.git'])('may have the name %j', (name) => {
    using repository = new Repository();
    expect(readCommitTree(repository.objects, repository.commit(['100644', name, absent]))).toMatchObject([
      { path: name },
    ]);
  });

  it('with a name that is not UTF-8 is refused', () => {
    using repository = new Repository();
    const commit = repository.commit(['100644', Buffer.from([0x61, 0xff]), absent]);
    expect(() => readCommitTree(repository.objects, commit)).toThrow(
      new GitFault("it has a file whose name is not UTF-8: 'aÿ'"),
    );
  });

  it.each(['10644', '20000', '0', '60000'])('with the mode %s is refused', (mode) => {
    using repository = new Repository();
    const commit = repository.commit([mode, 'd', absent]);
    expect(() => readCommitTree(repository.objects, commit)).toThrow(
      new GitFault("its entry 'd' is neither a file nor a link nor a directory"),
    );
  });

  it.each([
    ['without a space', Buffer.from('100644')],
    ['without the end of a name', Buffer.from('100644 name')],
    ['with half an id', Buffer.concat([Buffer.from('100644 name\0'), Buffer.alloc(19, 1)])],
  ])('that is damaged, %s, is refused', (_what, bytes) => {
    using repository = new Repository();
    const commit = repository.add('commit', `tree ${repository.add('tree', bytes)}\n`);
    expect(() => readCommitTree(repository.objects, commit)).toThrow(new GitFault('one of its directories is damaged'));
  });

  it('is refused if the commit does not begin with it', () => {
    using repository = new Repository();
    const commit = repository.add('commit', `author x\ntree ${repository.tree()}\n`);
    expect(() => readCommitTree(repository.objects, commit)).toThrow(new GitFault(`the commit ${commit} has no tree`));
  });

  it('may be 64 directories deep, and no deeper', () => {
    using repository = new Repository();
    let tree = repository.tree(['100644', 'f', absent]);
    for (let depth = 0; depth < 64; depth += 1) tree = repository.tree(['40000', 'd', tree]);
    const path = `${'d/'.repeat(64)}f`;
    const commit = repository.add('commit', `tree ${tree}\n`);
    expect(readCommitTree(repository.objects, commit)).toEqual([{ path, type: 'file', id: absent }]);
    const deeper = repository.commit(['40000', 'd', tree]);
    expect(() => readCommitTree(repository.objects, deeper)).toThrow(
      new GitFault(`it has more than 64 levels of directories: ${'d/'.repeat(65)}`),
    );
  });
});
