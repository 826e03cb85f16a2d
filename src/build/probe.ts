import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { extract, pack, type Extract } from 'tar-stream';
import type { ContainerId, Engine, MountSpec, PathStat } from '../engine/engine.ts';
import { workDirectory } from './build-container.ts';
import type { Workspace } from './workspace.ts';

/**
 * A container that is made and never started, to look into an image and into volumes: the archive calls of the engine
 * work on it. It mounts the work volume, so that it is found and removed with it should this program die.
 */
export interface Probe {
  exists(path: string): Promise<boolean>;
  /** Links are not followed. */
  stat(path: string): Promise<PathStat | undefined>;
  /** The texts of all files below a directory, links to it followed, by their paths relative to it, in their order. */
  readTexts(directory: string): Promise<ReadonlyMap<string, string>>;
  /** The text of one file; undefined if it is not there, or no file. */
  readText(path: string): Promise<string | undefined>;
  /** The bytes of one file; undefined if it is not there, or no file. */
  readBytes(path: string): Promise<Buffer | undefined>;
  /** A line for everything below a directory: its path relative to that, its type, size in bytes and time. */
  listFiles(directory: string): Promise<readonly string[]>;
  isEmpty(directory: string): Promise<boolean>;
  /** Writes a file below an existing directory, whose path is relative to that; its own directories are made. */
  writeText(directory: string, path: string, text: string): Promise<void>;
  /** The same for what is no text. */
  writeBytes(directory: string, path: string, bytes: Buffer): Promise<void>;
  /** The same for a symbolic link, which takes the place of another one. */
  writeLink(directory: string, path: string, target: string): Promise<void>;
}

/** Makes a probe, hands it to `look`, and removes it. Throws the engine's refusal if a mount cannot be made. */
export async function withProbe<T>(
  engine: Engine,
  workspace: Workspace,
  { image, mounts }: { image: string; mounts: readonly MountSpec[] },
  look: (probe: Probe) => Promise<T>,
): Promise<T> {
  const work: MountSpec = { type: 'volume', source: workspace.volume, target: workDirectory };
  const id = await engine.createContainer(`${workspace.volume}-probe-${++probes}`, {
    image,
    command: ['/bin/true'],
    mounts: [work, ...mounts],
  });
  try {
    return await look(probeOf(engine, id));
  } finally {
    await engine.removeContainer(id);
  }
}

let probes = 0;

function probeOf(engine: Engine, id: ContainerId): Probe {
  return {
    stat: (path) => engine.statPath(id, path),
    exists: async (path) => (await engine.statPath(id, path)) !== undefined,
    readTexts: (directory) => readTexts(engine, id, directory),
    readText: async (path) => (await readFile(engine, id, path))?.toString(),
    readBytes: (path) => readFile(engine, id, path),
    listFiles: (directory) => listFiles(engine, id, directory),
    isEmpty: (directory) => isEmpty(engine, id, directory),
    writeText: (directory, path, text) => writeEntry(engine, id, directory, { path, content: text }),
    writeBytes: (directory, path, bytes) => writeEntry(engine, id, directory, { path, content: bytes }),
    writeLink: (directory, path, target) => writeEntry(engine, id, directory, { path, target }),
  };
}

async function readTexts(engine: Engine, id: ContainerId, directory: string): Promise<ReadonlyMap<string, string>> {
  const texts: [string, string][] = [];
  const archive = await engine.readArchive(id, `${directory}/.`);
  if (archive === undefined) return new Map();
  for await (const entry of entriesOf(archive)) {
    if (entry.header.type === 'file') texts.push([entry.header.name.replace(/^\.?\//, ''), await text(entry)]);
    else entry.resume();
  }
  return new Map(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function readFile(engine: Engine, id: ContainerId, path: string): Promise<Buffer | undefined> {
  const archive = await engine.readArchive(id, path);
  if (archive === undefined) return undefined;
  let content: Buffer | undefined;
  for await (const entry of entriesOf(archive)) {
    if (entry.header.type === 'file') content ??= await buffer(entry);
    else entry.resume();
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

/** Reads no further than the second entry: the first is the directory itself, and a tree is large. */
async function isEmpty(engine: Engine, id: ContainerId, directory: string): Promise<boolean> {
  const archive = await engine.readArchive(id, directory);
  if (archive === undefined) return true;
  try {
    for await (const entry of entriesOf(archive)) {
      const path = entry.header.name.replace(/\/$/, '');
      entry.resume();
      if (path.includes('/') && !path.endsWith('/lost+found')) return false;
    }
    return true;
  } finally {
    archive.destroy();
  }
}

async function writeEntry(
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

function entriesOf(archive: Readable): Extract {
  const entries = extract();
  archive.once('error', (error) => entries.destroy(error));
  return archive.pipe(entries);
}
