import { formatMemorySize } from '../../quantity.ts';
import type { FileSystemSpace } from '../output/emerge-report.ts';

// A guess is not a cause: where no line of emerge names the cause, only a measurement may. This module owns that rule.

/** The measured answer to the question which file system is full. */
export interface FullFileSystem {
  readonly directory: string;
  /** The place in words. {@link findFullestFileSystem} returns words for the end of `no space left on device`. */
  readonly words: string;
}

/**
 * Finds the file system that is full, from measurements. If none is full any more, because the file that did not fit was removed,
 * names the one with the least free space, and says that this is all that is known. Returns undefined without measurements.
 */
export function findFullestFileSystem(spaces: readonly FileSystemSpace[]): FullFileSystem | undefined {
  const full = findFullFileSystems(spaces);
  if (full !== undefined) return { directory: full.directory, words: ` at ${full.words}` };
  const [least] = spaces.toSorted((a, b) => a.free - b.free);
  if (least === undefined) return undefined;
  const amounts = `${formatMemorySize(least.free)} of ${formatMemorySize(least.size)}`;
  return {
    directory: least.directory,
    words: `; no file system is full now, and the least is free at ${least.directory}: ${amounts}`,
  };
}

/** Finds the file systems that are full now, and their directories in words; undefined if none is. */
export function findFullFileSystems(spaces: readonly FileSystemSpace[]): FullFileSystem | undefined {
  const full = spaces.filter(isFull);
  const [first] = full;
  if (first === undefined) return undefined;
  const places = full.map(({ directory, files, freeFiles }) =>
    files > 0 && freeFiles === 0 ? `${directory} (no further file can be made)` : directory,
  );
  return { directory: first.directory, words: places.join(', ') };
}

/** The file system of a path: the one whose directory is the longest that leads to the path. */
export function fileSystemOf(path: string, spaces: readonly FileSystemSpace[]): string | undefined {
  const leading = spaces.map(({ directory }) => directory).filter((directory) => isBelow(path, directory));
  return leading.toSorted((a, b) => b.length - a.length)[0];
}

/** Whether a path is a directory or below it. */
export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

/** The rest of a full file system is too small for a file: a hundredth of it, but at most 16 MiB and at least two pages. */
function isFull({ free, size, files, freeFiles }: FileSystemSpace): boolean {
  return free < Math.max(8192, Math.min(size / 100, 16 * 1024 ** 2)) || (files > 0 && freeFiles === 0);
}
