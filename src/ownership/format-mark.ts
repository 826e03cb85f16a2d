import type { PathStat } from '../engine/containers.ts';

/** The files of a volume. */
interface MarkedFiles {
  stat(path: string): Promise<PathStat | undefined>;
  readText(path: string): Promise<string | undefined>;
  writeText(directory: string, path: string, text: string): Promise<void>;
  writeLink(directory: string, path: string, target: string): Promise<void>;
}

/**
 * Marks a directory of a volume with the number of a format. The labels of a volume cannot change. The mark is a link, because engines
 * describe a link much faster than they read a file; it leads to a file, because Podman finds no other links.
 */
export async function writeFormatMark(files: MarkedFiles, directory: string, format: number): Promise<void> {
  await files.writeText(directory, `format-${format}`, String(format));
  await files.writeLink(directory, 'format', `format-${format}`);
}

/** Reads the number with which a directory is marked, as text; undefined if it has no mark. */
export async function readFormatMark(files: MarkedFiles, directory: string): Promise<string | undefined> {
  const mark = await files.stat(`${directory}/format`);
  if (mark === undefined) return undefined;
  // Podman takes a link in a volume for the file.
  if (mark.kind !== 'symlink') return (await files.readText(`${directory}/format`)) ?? '';
  return /(?:^|\/)format-([^/]+)$/.exec(mark.linkTarget)?.[1] ?? mark.linkTarget;
}
