import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { Failure } from '../../failure.ts';
import type { ArchiveDigest } from './manifest.ts';

/** Where an archive goes: `<directory>/<name>.tar.zst`, with two more files beside it. */
export interface ArchiveTarget {
  /** As this program sees it; made where it is missing. */
  readonly directory: string;
  /** The tuple's name. */
  readonly name: string;
}

/** In the order in which they are put in place: the manifest, which says which archive it is of, comes last. */
const suffixes = ['.tar.zst', '.tar.zst.sha512', '.manifest.json'] as const;
type Suffix = (typeof suffixes)[number];

/**
 * The three files of an archive while they are made: under names of their own, which begin with a dot, in the directory
 * where they are to be. Errors of the file system are thrown as a `Failure`.
 */
export class ArchiveFiles {
  readonly target: ArchiveTarget;
  private readonly run: string;

  private constructor(target: ArchiveTarget, run: string) {
    this.target = target;
    this.run = run;
  }

  /**
   * Makes the directory and refuses one that has something else where the files are to be. Removes what runs that are
   * gone left half made.
   */
  static async open(
    target: ArchiveTarget,
    run: string,
    isGone: (run: string) => Promise<boolean>,
  ): Promise<ArchiveFiles> {
    return await explained(target, async () => {
      await mkdir(target.directory, { recursive: true });
      for (const suffix of suffixes) {
        const path = join(target.directory, target.name + suffix);
        const found = await lstat(path).catch(() => undefined);
        if (found !== undefined && !found.isFile()) throw occupied(target, path);
      }
      const files = new ArchiveFiles(target, run);
      for (const name of await readdir(target.directory)) {
        const other = files.runOf(name);
        if (other !== undefined && other !== run && (await isGone(other)))
          await rm(join(target.directory, name), { force: true });
      }
      return files;
    });
  }

  /** Where the archive is while it is being written. */
  get archive(): string {
    return this.temporary('.tar.zst');
  }

  /** Writes the two small ones, each whole on the disk. */
  async describe(digest: ArchiveDigest, manifest: string): Promise<void> {
    const line = `${digest.sha512}  ${this.target.name}.tar.zst\n`;
    await this.write('.tar.zst.sha512', line);
    await this.write('.manifest.json', manifest);
  }

  /**
   * Renames all three into place. Should that end half-way, an archive is there whole, and what is beside it is of
   * another one: `sha512sum --check` and {@link findArchive} tell.
   */
  async putInPlace(): Promise<string> {
    const { directory, name } = this.target;
    await explained(this.target, async () => {
      for (const suffix of suffixes) await rename(this.temporary(suffix), join(directory, name + suffix));
      await syncToDisk(directory);
    });
    return join(directory, `${name}.tar.zst`);
  }

  /** Removes what was not put in place. */
  async discard(): Promise<void> {
    for (const suffix of suffixes) await rm(this.temporary(suffix), { force: true });
  }

  private async write(suffix: Suffix, text: string): Promise<void> {
    await explained(this.target, async () => {
      await writeFile(this.temporary(suffix), text, { flush: true });
    });
  }

  private temporary(suffix: Suffix): string {
    return join(this.target.directory, `.${this.target.name}.${this.run}${suffix}`);
  }

  /** The run that a temporary file of this archive is of. */
  private runOf(file: string): string | undefined {
    const start = `.${this.target.name}.`;
    const suffix = suffixes.find((end) => file.endsWith(end));
    if (suffix === undefined || !file.startsWith(start)) return undefined;
    return /^[0-9a-f]{16}$/.exec(file.slice(start.length, -suffix.length))?.[0];
  }
}

/**
 * Reads a compressed file back: its SHA-512 and size, and how many bytes it holds; undefined where zstd finds it damaged, by its
 * own checksum or otherwise.
 */
export async function readBack(
  path: string,
  signal: AbortSignal,
): Promise<(ArchiveDigest & { readonly contentSize: number }) | undefined> {
  const hash = createHash('sha512');
  let size = 0;
  let contentSize = 0;
  const count = new Writable({
    write(chunk: Buffer, _encoding, done) {
      contentSize += chunk.length;
      done();
    },
  });
  const hashed = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  try {
    await pipeline(createReadStream(path), hashed, createZstdDecompress(), count, { signal });
  } catch (error) {
    if (isZstdError(error)) return undefined;
    throw error;
  }
  return { sha512: hash.digest('hex'), size, contentSize };
}

function isZstdError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(?:ZSTD_error_|Z_|ERR_ZLIB|ERR_ZSTD)/.test(code);
}

/** Has all of a file, or the names in a directory, on the disk (fsync). */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Runs what works on the files of an archive, and says what an error of the file system means. */
export async function explained<T>(target: ArchiveTarget, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw new Failure('archive-failed', `failed to write ${describe(target)}: ${(error as Error).message}`, {
      hint:
        hints[code] ?? 'see whether the directory is there and can be written to, or name another: --output-dir DIR',
      cause: error,
    });
  }
}

const full = 'free some space there, or name a directory elsewhere: --output-dir DIR';
const forbidden = 'let this program write there, or name another directory: --output-dir DIR';
const hints: Readonly<Record<string, string>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: forbidden,
};

/** Refuses a directory for archives that nothing can be written to; makes it where it is missing. */
export async function checkOutputDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await rm(await mkdtemp(join(directory, '.zentoo-')), { recursive: true });
  } catch (error) {
    const code = error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw new Failure('mount-unusable', `failed to write archives to ${directory}: ${(error as Error).message}`, {
      hint: hints[code] ?? 'make it a directory that can be written to, or name another: --output-dir DIR',
      cause: error,
    });
  }
}

function occupied(target: ArchiveTarget, path: string): Failure {
  return new Failure('archive-failed', `failed to write ${describe(target)}: ${path} is there and is no file`, {
    hint: 'move it away, or name another directory: --output-dir DIR',
  });
}

/** The archive, for messages. */
export function describe({ directory, name }: ArchiveTarget): string {
  return join(directory, `${name}.tar.zst`);
}

/** The text of an archive's manifest, if all three files are there and of one archive, by size and recorded digest. */
export async function findArchive(target: ArchiveTarget): Promise<string | undefined> {
  const path = (suffix: Suffix) => join(target.directory, target.name + suffix);
  try {
    const text = await readFile(path('.manifest.json'), 'utf8');
    const { archive } = JSON.parse(text) as { readonly archive?: Partial<ArchiveDigest> };
    const line = await readFile(path('.tar.zst.sha512'), 'utf8');
    const { size } = await lstat(path('.tar.zst'));
    const isOne = archive?.size === size && line === `${archive.sha512}  ${target.name}.tar.zst\n`;
    return isOne ? text : undefined;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError || code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
