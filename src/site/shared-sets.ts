import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startOf, type Diagnostics } from './diagnostics.ts';
import { requireInside } from './git/git-directory.ts';
import { checkSetName, isSetFile, readSetText, type ReadSet } from './package-set.ts';
import { readTextFile } from './read-text-file.ts';
import { reportFaults } from './report-faults.ts';

const insidePortage = 'config/portage/sets';
const besidePortage = 'config/sets';

/** The sets that all branches share, by name. */
export interface SharedSets {
  readonly sets: ReadonlyMap<string, ReadSet>;
  /** Whether there are no others: false where a directory of theirs cannot be read. */
  readonly areAll: boolean;
}

/**
 * Reads the sets that all branches share: those in `config/portage/sets`, unless that repository is bare, and those in
 * `config/sets`. The one may be a link to the other. What the branch that is checked out has committed in `sets/` is that
 * branch's own, and not shared: `isCommitted` says so of a path.
 */
export function readSharedSets(
  site: string,
  isBare: boolean,
  isCommitted: (path: string) => boolean,
  diagnostics: Diagnostics,
): SharedSets {
  const sets = new Map<string, ReadSet>();
  const read = new Set<string>();
  let areAll = true;
  for (const directory of isBare ? [besidePortage] : [insidePortage, besidePortage]) {
    if (!existsSync(join(site, directory))) continue;
    const isRead = reportFaults(diagnostics, startOf(directory), () => {
      requireInside(join(site, directory), site, 'it');
      const real = realpathSync(join(site, directory));
      if (!statSync(real).isDirectory()) {
        const isOther = existsSync(join(site, besidePortage)) && realpathSync(join(site, besidePortage)) === real;
        const place = startOf(isOther ? besidePortage : directory);
        diagnostics.add(place, 'it is a file, and should be a directory with a file for each set');
        return false;
      }
      const names = read.has(real) ? [] : readdirSync(real).filter(isSetFile).toSorted();
      read.add(real);
      for (const name of names) {
        if (directory === insidePortage && isCommitted(`sets/${name}`)) continue;
        const file = `${directory}/${name}`;
        const first = sets.get(name)?.set.file;
        if (first !== undefined) diagnostics.add(startOf(file), `the set @${name} is in ${first} already`);
        else sets.set(name, readSharedSet(site, file, name, diagnostics));
      }
      return true;
    });
    areAll &&= isRead === true;
  }
  return { sets, areAll };
}

/** A set without anything in it where its file cannot be read: that is said once, and its name is known. */
function readSharedSet(site: string, file: string, name: string, diagnostics: Diagnostics): ReadSet {
  const path = join(site, file);
  checkSetName(name, file, diagnostics);
  const text = reportFaults(diagnostics, startOf(file), () => {
    requireInside(path, site, 'it');
    if (!statSync(path).isDirectory()) return readTextFile(site, file, diagnostics);
    diagnostics.add(startOf(file), 'it is a directory: sets are files');
    return undefined;
  });
  return readSetText(text ?? '', name, file, diagnostics);
}
