import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { objectId, type ObjectType } from './git-object.ts';

/** A file of a new repository. */
export interface NewFile {
  readonly path: string;
  readonly type: 'file' | 'executable' | 'symlink';
  /** The content of the file, or the target of the link. */
  readonly content: string;
}

/** The content of a new repository. */
export interface NewRepository {
  /** Each branch has one commit; the first branch is checked out. */
  readonly branches: readonly { readonly name: string; readonly files: readonly NewFile[] }[];
  /** Patterns for `.git/info/exclude`. */
  readonly excluded: readonly string[];
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly time: Date;
}

const modes = { file: 0o100644, executable: 0o100755, symlink: 0o120000 } as const;

/** Makes a git repository in a directory without one (gitrepository-layout(5)). */
export function writeRepository(directory: string, repository: NewRepository): void {
  const git = join(directory, '.git');
  for (const path of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'info'])
    mkdirSync(join(git, path), { recursive: true });
  const config = { repositoryformatversion: 0, filemode: true, bare: false, logallrefupdates: true };
  const settings = Object.entries(config).map(([key, value]) => `\t${key} = ${value}\n`);
  writeFileSync(join(git, 'config'), `[core]\n${settings.join('')}`);
  writeFileSync(join(git, 'info/exclude'), repository.excluded.map((pattern) => `${pattern}\n`).join(''));
  for (const { name, files } of repository.branches) {
    const reference = join(git, 'refs/heads', name);
    mkdirSync(dirname(reference), { recursive: true });
    writeFileSync(reference, `${writeCommit(git, writeTree(git, files), repository)}\n`);
  }
  const [first] = repository.branches;
  if (first === undefined) throw new RangeError('a new repository needs at least one branch');
  writeFileSync(join(git, 'HEAD'), `ref: refs/heads/${first.name}\n`);
  writeFileSync(join(git, 'index'), encodeIndex(first.files));
  for (const file of first.files) checkOut(directory, file);
}

function checkOut(directory: string, { path, type, content }: NewFile): void {
  const target = join(directory, path);
  mkdirSync(dirname(target), { recursive: true });
  if (type === 'symlink') symlinkSync(content, target);
  else writeFileSync(target, content);
  if (type === 'executable') chmodSync(target, 0o755);
}

function writeCommit(git: string, tree: string, { author, time, message }: NewRepository): string {
  const who = `${author.name} <${author.email}> ${Math.floor(time.getTime() / 1000)} +0000`;
  return writeObject(git, 'commit', Buffer.from(`tree ${tree}\nauthor ${who}\ncommitter ${who}\n\n${message}\n`));
}

/** Writes the tree of a directory. git sorts entries as if the names of directories ended with /. */
function writeTree(git: string, files: readonly NewFile[]): string {
  const children = Map.groupBy(files, ({ path }) => path.split('/', 1)[0] ?? '');
  const entries = [...children].map(([name, inside]) => {
    const [file] = inside;
    if (file?.path === name)
      return { name, key: name, mode: modes[file.type], id: writeObject(git, 'blob', Buffer.from(file.content)) };
    const below = inside.map((nested) => ({ ...nested, path: nested.path.slice(name.length + 1) }));
    return { name, key: `${name}/`, mode: 0o40000, id: writeTree(git, below) };
  });
  const sorted = entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const encoded = sorted.flatMap(({ mode, name, id }) => [
    Buffer.from(`${mode.toString(8)} ${name}\0`),
    Buffer.from(id, 'hex'),
  ]);
  return writeObject(git, 'tree', Buffer.concat(encoded));
}

function writeObject(git: string, type: ObjectType, content: Buffer): string {
  const id = objectId({ type, content }, 'sha1');
  const path = join(git, 'objects', id.slice(0, 2), id.slice(2));
  // Two branches may have the same file. An object is read-only, so that only root could write it again.
  if (existsSync(path)) return id;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, deflateSync(Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])), {
    mode: 0o444,
  });
  return id;
}

/**
 * Encodes an index (gitformat-index(5), version 2) without the times of the files, so that git compares their content.
 * Without an index, git would show all files as removed.
 */
function encodeIndex(files: readonly NewFile[]): Buffer {
  const header = Buffer.alloc(12);
  header.write('DIRC');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(files.length, 8);
  const sorted = files.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const body = Buffer.concat([header, ...sorted.map(encodeIndexEntry)]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

function encodeIndexEntry({ path, type, content }: NewFile): Buffer {
  const name = Buffer.from(path);
  const entry = Buffer.alloc(Math.ceil((62 + name.length + 1) / 8) * 8);
  entry.writeUInt32BE(modes[type], 24);
  entry.write(objectId({ type: 'blob', content: Buffer.from(content) }, 'sha1'), 40, 'hex');
  entry.writeUInt16BE(Math.min(name.length, 0xfff), 60);
  name.copy(entry, 62);
  return entry;
}
