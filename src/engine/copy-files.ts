import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pack, type Pack } from 'tar-stream';
import { entriesOf } from './archive-entries.ts';
import type { Containers } from './containers.ts';
import type { ContainerId } from './identifiers.ts';

/** A container of an engine; it need not run. */
export interface ContainerPlace {
  readonly engine: Pick<Containers, 'readArchive' | 'writeArchive'>;
  readonly id: ContainerId;
}

/** A file that is copied: its absolute path, and its path below the directory that it comes to. */
export interface CopiedFile {
  readonly from: string;
  readonly to: string;
}

/**
 * Copies regular files from one container to an existing directory of another one, which may be on another engine; parent
 * directories are made. Whatever is not a regular file, or is missing, is left out. Keeps modes and times, and no owners. If the
 * function throws, some files may be there in part.
 */
export async function copyFiles(
  from: ContainerPlace,
  to: ContainerPlace & { readonly directory: string },
  files: readonly CopiedFile[],
): Promise<void> {
  if (files.length === 0) return;
  const archive = pack();
  // Each side fails after the other one; the first error is the cause.
  const errors: unknown[] = [];
  const end = (error: unknown) => {
    errors.push(error);
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  };
  const writing = to.engine.writeArchive(to.id, to.directory, Readable.from(archive)).catch(end);
  await Promise.all([fill(archive, from, files).catch(end), writing]);
  if (errors.length > 0) throw errors[0];
}

async function fill(archive: Pack, { engine, id }: ContainerPlace, files: readonly CopiedFile[]): Promise<void> {
  // `once` throws the error with which the archive was destroyed.
  const broken = once(archive, 'close');
  broken.catch(() => undefined);
  for (const { from, to } of files) {
    const source = await engine.readArchive(id, from);
    if (source === undefined) continue;
    for await (const entry of entriesOf(source)) {
      const { type, size, mode, mtime } = entry.header;
      if (type !== 'file') {
        entry.resume();
        continue;
      }
      const sink = archive.entry({
        name: to,
        size,
        ...(mode === undefined ? {} : { mode }),
        ...(mtime ? { mtime } : {}),
      });
      for await (const chunk of entry) if (!sink.write(chunk)) await Promise.race([once(sink, 'drain'), broken]);
      sink.end(Buffer.alloc(0));
    }
  }
  archive.finalize();
}
