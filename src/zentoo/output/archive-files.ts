import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { Failure } from '../../failure.ts';
import { parseJson } from '../../parse-json.ts';
import { archiveHeaderSchema, type ArchiveDigest, type ArchiveHeader } from './manifest.ts';

/** The place of an archive: `<directory>/<name>.tar.zst`, with two more files beside it. */
export interface ArchiveTarget {
  /** The directory on this program's own file system; it is made if it is missing. */
  readonly directory: string;
  /** The tuple's name. */
  readonly name: string;
}

/**
 * The suffixes of the files, in the order in which the files are renamed into place: the manifest, which has the digest of its
 * archive, comes last.
 */
const suffixes = ['.tar.zst', '.tar.zst.sha512', '.manifest.json'] as const;
type Suffix = (typeof suffixes)[number];

/**
 * The three files of an archive while they are written: under temporary names that begin with a dot, in the target directory.
 * Errors of the file system are thrown as a `Failure`.
 */
export class ArchiveFiles {
  readonly target: ArchiveTarget;
  private readonly run: string;

  private constructor(target: ArchiveTarget, run: string) {
    this.target = target;
    this.run = run;
  }

  /**
   * Makes the directory. Throws if it has something other than a file under one of the target names. Removes the temporary files
   * of runs that are gone.
   */
  static async open(
    target: ArchiveTarget,
    run: string,
    isGone: (run: string) => Promise<boolean>,
  ): Promise<ArchiveFiles> {
    return await withArchiveFailure(target, async () => {
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

  /** The path of the archive while it is written. */
  get archive(): string {
    return this.temporary('.tar.zst');
  }

  /** Writes the checksum and the manifest, and flushes both to the disk. */
  async writeChecksumAndManifest(digest: ArchiveDigest, manifest: string): Promise<void> {
    const line = `${digest.sha512}  ${this.target.name}.tar.zst\n`;
    await this.write('.tar.zst.sha512', line);
    await this.write('.manifest.json', manifest);
  }

  /**
   * Renames all three files into place. If this ends half-way, the archive is complete, and the files beside it may belong to
   * another archive: `sha512sum --check` and {@link findArchive} detect that.
   */
  async putInPlace(): Promise<string> {
    const { directory, name } = this.target;
    await withArchiveFailure(this.target, async () => {
      for (const suffix of suffixes) await rename(this.temporary(suffix), join(directory, name + suffix));
      await syncToDisk(directory);
    });
    return join(directory, `${name}.tar.zst`);
  }

  /** Removes the files that were not renamed into place. */
  async discard(): Promise<void> {
    for (const suffix of suffixes) await rm(this.temporary(suffix), { force: true });
  }

  private async write(suffix: Suffix, text: string): Promise<void> {
    await withArchiveFailure(this.target, async () => {
      await writeFile(this.temporary(suffix), text, { flush: true });
    });
  }

  private temporary(suffix: Suffix): string {
    return join(this.target.directory, `.${this.target.name}.${this.run}${suffix}`);
  }

  /** The run that wrote a temporary file of this archive. */
  private runOf(file: string): string | undefined {
    const start = `.${this.target.name}.`;
    const suffix = suffixes.find((end) => file.endsWith(end));
    if (suffix === undefined || !file.startsWith(start)) return undefined;
    return /^[0-9a-f]{16}$/.exec(file.slice(start.length, -suffix.length))?.[0];
  }
}

/**
 * Reads a compressed file back. Returns its SHA-512, its size, and the size of its contents; undefined if zstd finds the file
 * damaged, for example by its checksum.
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

/** Flushes a file, or the names in a directory, to the disk (fsync). */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Runs work on the files of an archive. Throws errors of the file system as a `Failure` with a hint. */
export async function withArchiveFailure<T>(target: ArchiveTarget, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    throw new Failure('archive-failed', `failed to write ${archivePath(target)}: ${error.message}`, {
      hint: hints[code] ?? 'check that the directory exists and is writable, or use another one: --output-dir DIR',
      cause: error,
    });
  }
}

/** The code of an error of the operating system, such as `ENOENT`; undefined for other errors. */
function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}

const full = 'free some space there, or use a directory on another file system: --output-dir DIR';
const forbidden = 'make the directory writable for this program, or use another one: --output-dir DIR';
const hints: Readonly<Record<string, string>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: forbidden,
};

/** Makes the directory for archives if it is missing. Throws `mount-unusable` if it is not writable. */
export async function checkOutputDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await rm(await mkdtemp(join(directory, '.zentoo-')), { recursive: true });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    throw new Failure('mount-unusable', `failed to write archives to ${directory}: ${error.message}`, {
      hint: hints[code] ?? 'make it a writable directory, or use another one: --output-dir DIR',
      cause: error,
    });
  }
}

function occupied(target: ArchiveTarget, path: string): Failure {
  return new Failure('archive-failed', `failed to write ${archivePath(target)}: ${path} exists and is not a file`, {
    hint: 'move it away, or use another directory: --output-dir DIR',
  });
}

/** The archive's path, for messages. */
export function archivePath({ directory, name }: ArchiveTarget): string {
  return join(directory, `${name}.tar.zst`);
}

/**
 * Reads the head of an archive's manifest. Returns undefined if one of the three files is missing, or if they do not belong to
 * one archive, by its size and recorded digest.
 */
export async function findArchive(target: ArchiveTarget): Promise<ArchiveHeader | undefined> {
  const path = (suffix: Suffix) => join(target.directory, target.name + suffix);
  try {
    const header = parseJson(archiveHeaderSchema, await readFile(path('.manifest.json'), 'utf8'));
    const line = await readFile(path('.tar.zst.sha512'), 'utf8');
    const { size } = await lstat(path('.tar.zst'));
    if (header === undefined || header.archive.size !== size) return undefined;
    return line === `${header.archive.sha512}  ${target.name}.tar.zst\n` ? header : undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
