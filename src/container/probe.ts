import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { Failure, type FailureCode } from '../failure.ts';
import { entriesOf } from '../engine/archive-entries.ts';
import type { MountSpec, PathStat } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import type { ContainerId } from '../engine/identifiers.ts';
import { workDirectory } from './work-directories.ts';

/**
 * A container that is created and never started, to read and write files of an image and of volumes with the engine's archive
 * calls. It mounts the work volume, so that the next run finds and removes it if this program dies.
 */
export interface Probe {
  exists(path: string): Promise<boolean>;
  /** Describes a file; undefined if it does not exist. A symbolic link is not followed. */
  stat(path: string): Promise<PathStat | undefined>;
  /**
   * Reads all files below a directory, which may be a link. The keys are paths relative to it, in alphabetical order. Throws a
   * failure with `code`, by default `mount-unusable`, if the files are too large to be texts.
   */
  readTexts(directory: string, code?: FailureCode): Promise<ReadonlyMap<string, string>>;
  /** Reads a directory as {@link Probe.readTexts} does, with the symbolic links below it. */
  readDirectory(directory: string, code?: FailureCode): Promise<DirectoryTexts>;
  /** Reads the text of a file; undefined if the file does not exist or is not a regular file. Refuses a file that is too large. */
  readText(path: string): Promise<string | undefined>;
  /** Reads the bytes of a file; undefined if the file does not exist or is not a regular file. */
  readBytes(path: string): Promise<Buffer | undefined>;
  /** Lists everything below a directory, one JSON line each: relative path, type, size in bytes and time. */
  listFiles(directory: string): Promise<readonly string[]>;
  isEmpty(directory: string): Promise<boolean>;
  /** Unpacks a tar stream into an existing directory. */
  writeTar(directory: string, archive: Readable): Promise<void>;
  /** Writes a file at `path` below an existing `directory`; parent directories in `path` are created. */
  writeText(directory: string, path: string, text: string): Promise<void>;
  /** Writes bytes as {@link Probe.writeText} writes a text. */
  writeBytes(directory: string, path: string, bytes: Buffer): Promise<void>;
  /** Writes a symbolic link as {@link Probe.writeText} writes a file; replaces an existing link. */
  writeLink(directory: string, path: string, target: string): Promise<void>;
}

/** Everything below a directory, by paths relative to it, in alphabetical order. */
export interface DirectoryTexts {
  readonly texts: ReadonlyMap<string, string>;
  /** The symbolic links with their targets. */
  readonly links: ReadonlyMap<string, string>;
}

/** The image and the mounts of a probe. */
export interface ProbeRequest {
  /** The name or id of the image. */
  readonly image: string;
  readonly mounts: readonly MountSpec[];
}

/** Creates a probe, hands it to `look`, and removes it. Throws the engine's refusal if a mount cannot be made. */
export async function withProbe<T>(
  engine: Engine,
  workspace: { readonly volume: string },
  { image, mounts }: ProbeRequest,
  look: (probe: Probe) => Promise<T>,
): Promise<T> {
  const work: MountSpec = { type: 'volume', source: workspace.volume, target: workDirectory };
  const name = `${workspace.volume}-probe-${++probes}`;
  return withContainer(engine, name, { image, mounts: [work, ...mounts] }, look);
}

/** Creates a container with this name and only `mounts`, hands a probe of it to `look`, and removes it. */
export async function withContainer<T>(
  engine: Engine,
  name: string,
  { image, mounts }: ProbeRequest,
  look: (probe: Probe) => Promise<T>,
): Promise<T> {
  const id = await engine.createContainer(name, { image, command: ['/bin/true'], mounts });
  try {
    return await look(probeOf(engine, id));
  } finally {
    await engine.removeContainer(id);
  }
}

let probes = 0;

/** A probe of a container that exists already. */
export function probeOf(engine: Engine, id: ContainerId): Probe {
  return {
    stat: (path) => engine.statPath(id, path),
    exists: async (path) => (await engine.statPath(id, path)) !== undefined,
    readTexts: async (directory, code = 'mount-unusable') =>
      (await readDirectory(engine, id, { directory, code })).texts,
    readDirectory: (directory, code = 'mount-unusable') => readDirectory(engine, id, { directory, code }),
    readText: async (path) => (await readFile(engine, id, path))?.toString(),
    readBytes: (path) => readFile(engine, id, path),
    listFiles: (directory) => listFiles(engine, id, directory),
    isEmpty: (directory) => isEmpty(engine, id, directory),
    writeTar: (directory, archive) => engine.writeArchive(id, directory, archive),
    writeText: (directory, path, text) => writeEntry(engine, id, directory, { path, content: text }),
    writeBytes: (directory, path, bytes) => writeEntry(engine, id, directory, { path, content: bytes }),
    writeLink: (directory, path, target) => writeEntry(engine, id, directory, { path, target }),
  };
}

async function readDirectory(
  engine: Engine,
  id: ContainerId,
  { directory, code }: { readonly directory: string; readonly code: FailureCode },
): Promise<DirectoryTexts> {
  const texts: [string, string][] = [];
  const links: [string, string][] = [];
  let total = 0;
  const archive = await engine.readArchive(id, `${directory}/.`);
  if (archive === undefined) return { texts: new Map(), links: new Map() };
  for await (const entry of entriesOf(archive)) {
    const { type, name, size } = entry.header;
    const path = name.replace(/^\.?\//, '');
    total += size;
    if (size > mostBytes.text) throw tooLarge(`${directory}/${path}`, { size, most: mostBytes.text, code });
    if (total > mostBytes.texts) throw tooLarge(directory, { size: total, most: mostBytes.texts, code });
    // Portage sees a byte order mark, which a decoder of streams removes.
    if (type === 'file') texts.push([path, (await buffer(entry)).toString('utf8')]);
    else entry.resume();
    if (type === 'symlink') links.push([path, entry.header.linkname ?? '']);
  }
  return { texts: byPath(texts), links: byPath(links) };
}

function byPath(entries: readonly [string, string][]): ReadonlyMap<string, string> {
  return new Map(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function readFile(engine: Engine, id: ContainerId, path: string): Promise<Buffer | undefined> {
  const archive = await engine.readArchive(id, path);
  if (archive === undefined) return undefined;
  let content: Buffer | undefined;
  // The first entry is the path itself; if that is a directory, its files follow.
  let isFirst = true;
  for await (const entry of entriesOf(archive)) {
    const { type, size } = entry.header;
    if (size > mostBytes.file) throw tooLarge(path, { size, most: mostBytes.file, code: 'mount-unusable' });
    if (isFirst && type === 'file') content = await buffer(entry);
    else entry.resume();
    isFirst = false;
  }
  return content;
}

async function listFiles(engine: Engine, id: ContainerId, directory: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const archive = await engine.readArchive(id, `${directory}/.`);
  if (archive === undefined) return lines;
  for await (const entry of entriesOf(archive)) {
    const { name, type, size, mtime } = entry.header;
    lines.push(JSON.stringify([name, type, size, mtime?.getTime()]));
    entry.resume();
  }
  return lines.toSorted();
}

/** Stops reading at the first entry below the directory, because a tree is large; `lost+found` does not count. */
async function isEmpty(engine: Engine, id: ContainerId, directory: string): Promise<boolean> {
  const archive = await engine.readArchive(id, directory);
  if (archive === undefined) return true;
  for await (const entry of entriesOf(archive)) {
    const path = entry.header.name.replace(/\/$/, '');
    entry.resume();
    if (path.includes('/') && !path.endsWith('/lost+found')) return false;
  }
  return true;
}

/** Writes a file or a link below an existing directory of a container. */
export async function writeEntry(
  engine: Engine,
  id: ContainerId,
  directory: string,
  entry: { readonly path: string } & ({ readonly content: string | Buffer } | { readonly target: string }),
): Promise<void> {
  const { path } = entry;
  const archive = pack();
  const parents: string[] = [];
  for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) parents.unshift(parent);
  for (const name of parents) archive.entry({ name, type: 'directory', mode: 0o755 });
  if ('content' in entry) archive.entry({ name: path, mode: 0o644 }, entry.content);
  else archive.entry({ name: path, type: 'symlink', linkname: entry.target });
  archive.finalize();
  await engine.writeArchive(id, directory, Readable.from(archive));
}

/**
 * The largest sizes, in bytes, that one call reads: one text of several, all texts together, and a single file. A text of V8 has
 * at most 512 MiB; an index of packages is far smaller.
 */
const mostBytes = { text: 64 * 1024 ** 2, texts: 1024 ** 3, file: 256 * 1024 ** 2 } as const;

function tooLarge(
  path: string,
  { size, most, code }: { readonly size: number; readonly most: number; readonly code: FailureCode },
): Failure {
  return new Failure(code, `failed to read ${path}: it has ${size} bytes, and at most ${most} are read`, {
    hint: 'it is no text: remove it, or move it elsewhere',
  });
}
