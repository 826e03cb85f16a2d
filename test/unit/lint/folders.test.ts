import { readdirSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

const project = join(import.meta.dirname, '../../..');

/** The number of modules and programs directly in each folder of a directory, by the folder's path. Data of tests does not count. */
function countFiles(directory: string): Readonly<Record<string, number>> {
  const entries = readdirSync(join(project, directory), { recursive: true, withFileTypes: true });
  const counts: Record<string, number> = {};
  for (const entry of entries) {
    if (!entry.isFile() || !['', '.ts', '.js', '.py', '.sh'].includes(extname(entry.name))) continue;
    const folder = relative(project, dirname(join(entry.parentPath, entry.name)));
    counts[folder] = (counts[folder] ?? 0) + 1;
  }
  return counts;
}

// The rooms of src have the same limit: walls.test.ts.
it.each(['setup', 'test', 'gentoo-base'])('no folder of %s has more than 25 modules and programs', (directory) => {
  const counts = countFiles(directory);
  expect(Object.keys(counts).length).toBeGreaterThan(1);
  expect(Object.entries(counts).filter(([, count]) => count > 25)).toEqual([]);
});
