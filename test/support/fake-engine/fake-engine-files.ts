import { posix } from 'node:path';
import type { Readable } from 'node:stream';

import { extract, pack } from 'tar-stream';

import type { PathStat } from '../../../src/engine/containers.ts';

/** A file or directory in memory. */
export interface FakeFile {
  readonly kind: PathStat['kind'];
  readonly data: Buffer;
  readonly linkTarget: string;
  readonly modified: Date;
}

/** Files by absolute path; directories that only lead to a file need not be listed. */
export type FakeFiles = Map<string, FakeFile>;

/** Files from text by path; a path that ends in a slash is a directory, and text that starts with `-> ` a link. */
export function fakeFiles(texts: Readonly<Record<string, string>>, modified = new Date(0)): FakeFiles {
  const files: FakeFiles = new Map();
  for (const [path, text] of Object.entries(texts)) {
    const link = text.startsWith('-> ') ? text.slice(3) : '';
    const kind = path.endsWith('/') ? 'directory' : link === '' ? 'file' : 'symlink';
    const data = Buffer.from(kind === 'file' ? text : '');
    files.set(normalPath(path), { kind, data, linkTarget: link, modified });
  }
  return files;
}

/** The file at `path`; a directory where only something below it is known. */
export function findFile(files: FakeFiles, path: string): FakeFile | undefined {
  const normal = normalPath(path);
  const found = files.get(normal);
  if (found !== undefined) return found;
  const below = normal === '/' ? '/' : `${normal}/`;
  const isParent = normal === '/' || [...files.keys()].some((other) => other.startsWith(below));
  return isParent ? directory(new Date(0)) : undefined;
}

/**
 * A tar of `path`, its members named as the engine does: from the last component of the path on. The engine names the members
 * of `DIRECTORY/.` from `./` on; the caller says so by `top`.
 */
export function packFiles(files: FakeFiles, path: string, top = posix.basename(normalPath(path))): Readable {
  const archive = pack();
  const normal = normalPath(path);
  const first = findFile(files, normal);
  if (first === undefined) throw new Error(`no such file: ${path}`);
  for (const [name, file] of [[normal, first] as const, ...below(files, normal)]) {
    const relative = posix.relative(normal, name);
    const member = top === '.' && relative !== '' ? `./${relative}` : posix.join(top, relative);
    const header = { name: file.kind === 'directory' ? `${member}/` : member, mtime: file.modified };
    if (file.kind === 'directory') archive.entry({ ...header, type: 'directory' });
    else if (file.kind === 'symlink') archive.entry({ ...header, type: 'symlink', linkname: file.linkTarget });
    else archive.entry(header, file.data);
  }
  archive.finalize();
  return archive as unknown as Readable;
}

/** The members of a tar, by their absolute paths below `directoryPath`. */
export async function unpackFiles(directoryPath: string, archive: Readable): Promise<FakeFiles> {
  const files: FakeFiles = new Map();
  const reader = extract();
  archive.once('error', (error) => reader.destroy(error));
  archive.pipe(reader);
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, type, linkname, mtime } = entry.header;
    const kind = type === 'directory' || type === 'symlink' ? type : 'file';
    const data = Buffer.concat(chunks);
    const modified = mtime ?? new Date(0);
    files.set(normalPath(posix.join(directoryPath, name)), { kind, data, linkTarget: linkname ?? '', modified });
  }
  return files;
}

/** Whether two files differ in a property that a commit keeps. */
export function differs(a: FakeFile | undefined, b: FakeFile | undefined): boolean {
  if (a === undefined || b === undefined) return a !== b;
  return a.kind !== b.kind || a.linkTarget !== b.linkTarget || !a.data.equals(b.data);
}

/** Absolute, without `..`, doubled or trailing slashes. */
export function normalPath(path: string): string {
  const normal = posix.resolve('/', path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

function* below(files: FakeFiles, path: string): Generator<readonly [string, FakeFile]> {
  const prefix = path === '/' ? '/' : `${path}/`;
  for (const [name, file] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (name !== path && name.startsWith(prefix)) yield [name, file];
  }
}

function directory(modified: Date): FakeFile {
  return { kind: 'directory', data: Buffer.alloc(0), linkTarget: '', modified };
}
