import { posix } from 'node:path';
import type { Probe } from './probe.ts';

type Files = Pick<Probe, 'stat' | 'readText'>;

/** The number of links that Linux follows (path_resolution(7)). */
const mostLinks = 40;

/** Reads a file at an absolute path, which may be a symbolic link; undefined if there is no such file. */
export async function readFollowing(probe: Files, path: string): Promise<string | undefined> {
  const target = await followLinks(probe, path);
  return target?.kind === 'file' ? probe.readText(target.path) : undefined;
}

/** Follows an absolute path if it is a symbolic link; undefined if there is nothing at its end. */
export async function followLinks(
  probe: Pick<Files, 'stat'>,
  path: string,
  links = 0,
): Promise<{ readonly kind: string; readonly path: string } | undefined> {
  const found = await probe.stat(path);
  if (found?.kind !== 'symlink') return found && { kind: found.kind, path };
  if (found.linkTarget === '' || links > mostLinks) return undefined;
  return followLinks(probe, posix.resolve(posix.dirname(path), found.linkTarget), links + 1);
}
