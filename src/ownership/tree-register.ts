import { createHash } from 'node:crypto';

/** The files of a register. */
interface RegisterFiles {
  readText(path: string): Promise<string | undefined>;
  writeText(directory: string, path: string, text: string): Promise<void>;
}

/** Writes into a register that a run uses a tree: it is the last one that began to. `place` is the directory of the register. */
export async function registerTreeUse(files: RegisterFiles, place: string, tree: string, run: string): Promise<void> {
  await files.writeText(place, fileOf(tree), run);
}

/** Reads which run was the last one that began to use a tree; undefined if none did. */
export async function findLastTreeUse(files: RegisterFiles, place: string, tree: string): Promise<string | undefined> {
  return files.readText(`${place}/${fileOf(tree)}`);
}

const fileOf = (tree: string): string => `trees/${createHash('sha256').update(tree).digest('hex').slice(0, 32)}`;
