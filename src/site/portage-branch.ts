import { posix } from 'node:path';
import { startOf, type Diagnostics } from './diagnostics.ts';
import { checkSetName, isSetFile, readSetText, type ReadSet } from './package-set.ts';
import { decodeText } from './read-text-file.ts';
import { reportFaults } from './report-faults.ts';
import type { BranchEntry } from './site.ts';
import type { SiteRepository } from './site-repository.ts';

/** The names of the sets that a branch brings itself, by its paths. */
export function ownSetNames(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const name = /^sets\/([^/]+)$/.exec(path)?.[1];
    return name !== undefined && isSetFile(name) ? [name] : [];
  });
}

/** Reports what a branch lacks to be an /etc/portage, and reads the sets that it brings itself, by name. */
export function readPortageBranch(
  portage: SiteRepository,
  name: string,
  diagnostics: Diagnostics,
): ReadonlyMap<string, ReadSet> {
  const sets = new Map<string, ReadSet>();
  const branch = portage.useBranch(name);
  if (branch === undefined) return sets;
  checkProfile(branch.entries, portage.fileOf(name, 'make.profile'), diagnostics);
  for (const entry of branch.entries.filter(({ path }) => path === 'sets' || path.startsWith('sets/'))) {
    const set = readOwnSet(entry, branch.entries, portage.fileOf(name, entry.path), diagnostics);
    if (set) sets.set(set.set.name, set);
  }
  return sets;
}

/** `make.profile` is a link to a profile, or a directory that is one (portage(5)). */
function checkProfile(entries: readonly BranchEntry[], file: string, diagnostics: Diagnostics): void {
  const entry = entries.find(({ path }) => path === 'make.profile' || path.startsWith('make.profile/'));
  if (entry === undefined)
    diagnostics.add(
      startOf(file),
      'it is missing: a branch is a whole /etc/portage, and Portage needs a profile; ' +
        'ln -s ../../var/db/repos/gentoo/profiles/... make.profile, and commit it',
    );
  else if (entry.path === 'make.profile' && entry.type !== 'symlink')
    diagnostics.add(startOf(file), 'it is a file, and should be a symbolic link to a profile');
}

function readOwnSet(
  entry: BranchEntry,
  all: readonly BranchEntry[],
  file: string,
  diagnostics: Diagnostics,
): ReadSet | undefined {
  const name = entry.path.slice('sets/'.length);
  if (entry.path === 'sets') {
    diagnostics.add(startOf(file), 'it must be a directory with the sets of this branch');
    return undefined;
  }
  if (!isSetFile(posix.basename(name))) return undefined;
  if (name.includes('/')) {
    diagnostics.add(startOf(file), 'sets are files in sets/, and not in directories below it');
    return undefined;
  }
  checkSetName(name, file, diagnostics);
  return reportFaults(diagnostics, startOf(file), () => {
    const target = followLinks(entry, all);
    if (target === undefined) diagnostics.add(startOf(file), 'it is a symbolic link to what is not in this branch');
    const text = target && decodeText(target.read(), file, diagnostics);
    return text === undefined ? undefined : readSetText(text, name, file, diagnostics);
  });
}

/** The file that a link of a branch leads to by way of the branch's own files; undefined if it leads elsewhere. */
function followLinks(entry: BranchEntry, all: readonly BranchEntry[]): BranchEntry | undefined {
  let current: BranchEntry | undefined = entry;
  for (let step = 0; step < 10 && current?.type === 'symlink'; step += 1) {
    const path: string = posix.normalize(posix.join(posix.dirname(current.path), current.read().toString('utf8')));
    current = all.find((other) => other.path === path);
  }
  return current?.type === 'symlink' ? undefined : current;
}
