import { expect } from 'vitest';
import { failuresOf } from '../../../src/failure.ts';
import { initSite } from '../../../src/site/init-site.ts';
import { readSite } from '../../../src/site/read/read-site.ts';
import type { Site } from '../../../src/site/site.ts';
import { temporaryDirectory } from './git-program.ts';

/** A site as `zentoo init` makes it, removed when it goes out of scope. */
export function temporarySite(): ReturnType<typeof temporaryDirectory> {
  const directory = temporaryDirectory();
  initSite(directory.path, new Date('2026-01-02T03:04:05Z'));
  return directory;
}

/** What reading a site comes to: the site, or its diagnostics, each with the code `site-invalid`, a line each. */
export function readOrExplain(directory: string): Site | readonly string[] {
  try {
    return readSite(directory);
  } catch (error) {
    const failures = failuresOf(error);
    if (failures.length === 0) throw error;
    expect(failures.map(({ code, exitStatus }) => [code, exitStatus])).toEqual(failures.map(() => ['site-invalid', 3]));
    return failures.map(({ message }) => message);
  }
}
