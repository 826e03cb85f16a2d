import { statfs } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import type { BuildContext } from '../container/context.ts';

/**
 * Refuses to start if less than `minFree` bytes are free on the file system of the engine's data directory. In a container,
 * that is the file system of `/`. On a host, the directory is checked only if the engine is local: the disk of a remote engine
 * cannot be seen.
 */
export async function checkFreeSpace({ engine, self }: BuildContext, minFree: number): Promise<void> {
  const place = self === undefined ? (await engine.info()).dataRoot : '/';
  if (self === undefined && !engine.address.startsWith('unix:')) return;
  const free = await freeBytes(place);
  if (free === undefined || free >= minFree) return;
  throw new Failure(
    'disk-space',
    `failed to find room for a build: ${mebibytes(free)} are free where the engine keeps its containers (${place}), but --min-free requires ${mebibytes(minFree)}`,
    { hint: 'free disk space (`docker system df` shows its use), or require less with --min-free SIZE' },
  );
}

/** The free bytes (for unprivileged users) of the file system of a path; undefined if the path does not exist. */
async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)} MiB`;
}
