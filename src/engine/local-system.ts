import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/** The access to the local system by which a process finds its container; replaced in tests. */
export interface LocalSystem {
  /** Reads a text file; undefined if it cannot be read. */
  readFile(path: string): Promise<string | undefined>;
  /** Makes an empty file; false if that is not possible. */
  makeFile(path: string): Promise<boolean>;
  removeFile(path: string): Promise<void>;
  hostname(): string;
}

/** The system that this process runs on. */
export const thisSystem: LocalSystem = {
  // The read is synchronous, because files of /proc are read at once and the first asynchronous read waits for threads to
  // start.
  readFile(path) {
    try {
      return Promise.resolve(readFileSync(path, 'utf8'));
    } catch {
      return Promise.resolve(undefined);
    }
  },

  async makeFile(path) {
    return await writeFile(path, '', { flag: 'wx' }).then(
      () => true,
      () => false,
    );
  },

  async removeFile(path) {
    await rm(path, { force: true });
  },

  hostname,
};
