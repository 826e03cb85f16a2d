import { statfs } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import type { BuildContext } from './context.ts';

/**
 * Refuses to start with less than `minFree` bytes where the engine keeps containers and volumes. In a container that is
 * the file system below `/`; on a host the engine's data directory, if the engine is this machine's own. Nothing is said
 * of an engine elsewhere: what it has free cannot be seen from here.
 */
export async function checkFreeSpace({ engine, self }: BuildContext, minFree: number): Promise<void> {
  const place = self === undefined ? (await engine.info()).dataRoot : '/';
  if (self === undefined && !engine.address.startsWith('unix:')) return;
  const free = await freeBytes(place);
  if (free === undefined || free >= minFree) return;
  throw new Failure(
    'disk-space',
    `failed to find room for a build: ${mebibytes(free)} are free where the engine keeps its containers (${place}), and ${mebibytes(minFree)} are asked for`,
    { hint: 'free some: `docker system df` shows what takes the room; or ask for less with --min-free SIZE' },
  );
}

/** Free bytes for an ordinary user of the file system that a path is on; undefined if the path is not there. */
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
