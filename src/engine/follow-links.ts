import { posix } from 'node:path';
import type { PathStat } from './containers.ts';

/** Files of a container or of a volume; undefined for what is not there. A link is not followed. */
interface Files {
  stat(path: string): Promise<PathStat | undefined>;
  readText(path: string): Promise<string | undefined>;
}

/** The number of links that Linux follows (path_resolution(7)). */
const mostLinks = 40;

/** Reads a file at an absolute path, which may be a symbolic link; undefined if there is no such file. */
export async function readFollowing(files: Files, path: string): Promise<string | undefined> {
  const target = await followLinks(files, path);
  return target?.kind === 'file' ? files.readText(target.path) : undefined;
}

/** Follows an absolute path if it is a symbolic link; undefined if there is nothing at its end. */
export async function followLinks(
  files: Pick<Files, 'stat'>,
  path: string,
  links = 0,
): Promise<{ readonly kind: string; readonly path: string } | undefined> {
  const found = await files.stat(path);
  if (found?.kind !== 'symlink') return found && { kind: found.kind, path };
  if (found.linkTarget === '' || links > mostLinks) return undefined;
  return followLinks(files, posix.resolve(posix.dirname(path), found.linkTarget), links + 1);
}
