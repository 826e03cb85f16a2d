import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inflateSync } from 'node:zlib';
import { readGitFile, readIfThere, requireInside, type GitDirectory } from './git-directory.ts';
import { GitFault } from './git-fault.ts';
import { largestObject, objectId, parseObjectType, type GitObject, type ObjectType } from './git-object.ts';
import { openPack, type Pack } from './git-pack.ts';

/** Reads the objects of a repository, loose and packed. */
export class GitObjects {
  readonly #hash: GitDirectory['hash'];
  readonly #directories: readonly string[];
  #packs: readonly Pack[] | undefined;

  /**
   * Throws a {@link GitFault} if the repository has an alternate object directory outside the site (gitrepository-layout(5),
   * "objects/info/alternates").
   */
  constructor(directory: GitDirectory, site: string) {
    this.#hash = directory.hash;
    this.#directories = objectDirectories(join(directory.common, 'objects'), site);
  }

  /** Reads an object and verifies its id. Throws a {@link GitFault} if the object is missing or damaged. */
  read(id: string, type: ObjectType): Buffer {
    const object = this.#readLoose(id) ?? this.#readPacked(id);
    if (object === undefined) throw new GitFault(missing(id));
    if (object.type !== type) throw new GitFault(`the object ${id} is a ${object.type}, not a ${type}`);
    const actual = objectId(object, this.#hash);
    if (actual !== id) throw new GitFault(damaged(id));
    return object.content;
  }

  /** Tells why an object cannot be read, without reading it; undefined if the object is there. */
  findFault(id: string): string | undefined {
    const paths = this.#directories.map((directory) => join(directory, id.slice(0, 2), id.slice(2)));
    const status = paths.map((path) => statSync(path, { throwIfNoEntry: false })).find((one) => one !== undefined);
    // After a crash, the file of an object may be empty.
    if (status !== undefined) return status.size > 0 ? undefined : damaged(id);
    return this.#openPacks().some((pack) => pack.has(id)) ? undefined : missing(id);
  }

  #openPacks(): readonly Pack[] {
    this.#packs ??= this.#directories.flatMap((directory) => openPacks(join(directory, 'pack'), this.#hash));
    return this.#packs;
  }

  #readLoose(id: string): GitObject | undefined {
    for (const directory of this.#directories) {
      const path = join(directory, id.slice(0, 2), id.slice(2));
      if (existsSync(path)) return parseLoose(readGitFile(path), id);
    }
    return undefined;
  }

  #readPacked(id: string): GitObject | undefined {
    for (const pack of this.#openPacks()) {
      const object = pack.read(id, (base) => this.#readLoose(base) ?? this.#readPacked(base));
      if (object !== undefined) return object;
    }
    return undefined;
  }
}

const missing = (id: string) => `the object ${id} is missing: run git fsck for details`;
const damaged = (id: string) => `the object ${id} is damaged: run git fsck for details`;

function parseLoose(bytes: Buffer, id: string): GitObject {
  let inflated: Buffer;
  try {
    inflated = inflateSync(bytes, { maxOutputLength: largestObject });
  } catch (error) {
    throw new GitFault(damaged(id), { cause: error });
  }
  const end = inflated.indexOf(0);
  const [, name] = /^(\w+) \d+$/.exec(inflated.toString('latin1', 0, Math.min(Math.max(end, 0), 40))) ?? [];
  const type = parseObjectType(name);
  if (type === undefined) throw new GitFault(damaged(id));
  return { type, content: inflated.subarray(end + 1) };
}

/** The directories of the repository's objects and of borrowed objects (gitrepository-layout(5), `objects/info/alternates`). */
function objectDirectories(first: string, site: string): readonly string[] {
  const directories = [first];
  for (const directory of directories) {
    for (const line of (readIfThere(join(directory, 'info/alternates')) ?? '').split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const borrowed = resolve(directory, line);
      requireInside(borrowed, site, 'its alternate object directory');
      if (!directories.includes(borrowed)) directories.push(borrowed);
    }
  }
  return directories;
}

function openPacks(directory: string, hash: GitDirectory['hash']): readonly Pack[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.idx'))
    .map((name) => openPack(join(directory, name.slice(0, -'.idx'.length)), hash));
}
