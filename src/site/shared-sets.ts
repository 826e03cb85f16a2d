import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startOf, type Diagnostics } from './diagnostics.ts';
import { requireInside } from './git/git-directory.ts';
import { checkSetName, isSetFile, readSetText, type ReadSet } from './package-set.ts';
import { readTextFile } from './read-text-file.ts';
import { reportFaults } from './report-faults.ts';

const besidePortage = 'config/sets';
const insidePortage = 'config/portage/sets';

/**
 * The sets that all branches share, by name: from `config/portage/sets`, or from `config/sets` where that is not there,
 * as beside a bare repository. What the branch that is checked out has committed in `sets/` is that branch's own, and not
 * shared: `isCommitted` says so of a path.
 */
export function readSharedSets(
  site: string,
  isBare: boolean,
  isCommitted: (path: string) => boolean,
  diagnostics: Diagnostics,
): ReadonlyMap<string, ReadSet> {
  const isInside = !isBare && existsSync(join(site, insidePortage));
  const directory = isInside ? insidePortage : besidePortage;
  const sets = new Map<string, ReadSet>();
  if (!existsSync(join(site, directory))) return sets;
  const isBoth = isInside && existsSync(join(site, besidePortage));
  if (isBoth && realpathSync(join(site, besidePortage)) !== realpathSync(join(site, insidePortage)))
    diagnostics.add(
      startOf(besidePortage),
      `it is not read, for there is ${insidePortage}: put all sets into one of them`,
    );
  reportFaults(diagnostics, startOf(directory), () => {
    requireInside(join(site, directory), site, 'it');
    for (const name of readdirSync(join(site, directory)).toSorted()) {
      const isOwn = isInside && isCommitted(`sets/${name}`);
      const set =
        isSetFile(name) && !isOwn ? readSharedSet(site, `${directory}/${name}`, name, diagnostics) : undefined;
      if (set) sets.set(name, set);
    }
  });
  return sets;
}

function readSharedSet(site: string, file: string, name: string, diagnostics: Diagnostics): ReadSet | undefined {
  const path = join(site, file);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    diagnostics.add(startOf(file), 'it is a directory: sets are files');
    return undefined;
  }
  checkSetName(name, file, diagnostics);
  return reportFaults(diagnostics, startOf(file), () => {
    requireInside(path, site, 'it');
    const text = readTextFile(site, file, diagnostics);
    return text === undefined ? undefined : readSetText(text, name, file, diagnostics);
  });
}
