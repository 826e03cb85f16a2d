import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Diagnostics, startOf } from '../diagnostics.ts';
import { requireInside } from '../git/git-directory.ts';
import { checkSetName, isSetFile, readSetText, type ParsedSet } from './package-set.ts';
import { readTextFile } from '../read-text-file.ts';
import { reportFaults } from './report-faults.ts';

const insidePortage = 'config/portage/sets';
const besidePortage = 'config/sets';

/** The sets that all branches share. */
export interface SharedSets {
  /** The sets by name. */
  readonly sets: ReadonlyMap<string, ParsedSet>;
  /** Whether `sets` is complete: false if a directory of sets cannot be read. */
  readonly areAll: boolean;
}

/**
 * Reads the shared sets: the sets in `config/portage/sets`, unless that repository is bare, and the sets in `config/sets`. One
 * directory may be a link to the other. Sets that the checked-out branch has committed in `sets/` belong to that branch and are
 * not shared; `isCommitted` tells whether a path is committed.
 */
export function readSharedSets(
  site: string,
  isBare: boolean,
  isCommitted: (path: string) => boolean,
  diagnostics: Diagnostics,
): SharedSets {
  const sets = new Map<string, ParsedSet>();
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
        diagnostics.add(place, 'it is a file: it must be a directory with one file per set');
        return false;
      }
      const names = read.has(real) ? [] : readdirSync(real).filter(isSetFile).toSorted();
      read.add(real);
      for (const name of names) {
        if (directory === insidePortage && isCommitted(`sets/${name}`)) continue;
        const file = `${directory}/${name}`;
        const first = sets.get(name)?.set.file;
        if (first !== undefined) diagnostics.add(startOf(file), `the set @${name} is already in ${first}`);
        else sets.set(name, readSharedSet(site, file, name, diagnostics));
      }
      return true;
    });
    areAll &&= isRead === true;
  }
  return { sets, areAll };
}

/** Reads a shared set. If the file cannot be read, returns an empty set with this fault, because the name is known. */
function readSharedSet(site: string, file: string, name: string, diagnostics: Diagnostics): ParsedSet {
  const path = join(site, file);
  const faults = new Diagnostics();
  checkSetName(name, file, diagnostics);
  const text = reportFaults(faults, startOf(file), () => {
    requireInside(path, site, 'it');
    if (!statSync(path).isDirectory()) return readTextFile(site, file, faults, 'as-portage');
    faults.add(startOf(file), 'it is a directory: sets are files');
    return undefined;
  });
  return readSetText(text ?? '', name, file, faults);
}
