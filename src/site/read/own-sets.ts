import type { BranchTree } from '../branch-tree.ts';
import { Diagnostics, startOf } from '../diagnostics.ts';
import { decodeText } from '../read-text-file.ts';
import type { BranchEntry } from '../site.ts';
import { checkSetName, isSetDirectory, isSetFile, readSetText, type ParsedSet } from './package-set.ts';
import { reportFaults } from './report-faults.ts';

/** The names of a branch's own sets. */
export function ownSetNames(entries: readonly BranchEntry[]): readonly string[] {
  return entries.flatMap(({ path }) => {
    const name = /^sets\/([^/]+)$/.exec(path)?.[1];
    return name !== undefined && isSetFile(name) ? [name] : [];
  });
}

/** Reads a branch's own sets, by name. `fileOf` returns the name of a path of the branch in diagnostics. */
export function readOwnSets(
  entries: readonly BranchEntry[],
  tree: BranchTree,
  fileOf: (path: string) => string,
  diagnostics: Diagnostics,
): ReadonlyMap<string, ParsedSet> {
  const sets = new Map<string, ParsedSet>();
  for (const { path } of entries.filter((entry) => entry.path === 'sets' || entry.path.startsWith('sets/'))) {
    const set = readOwnSet(path, tree, fileOf(path), diagnostics);
    if (set) sets.set(set.set.name, set);
  }
  return sets;
}

const wrongTargets = {
  outside: 'a path outside this branch',
  directory: 'a directory: sets are files',
  missing: 'a file that does not exist: Portage would take it for an empty set',
} as const;

function readOwnSet(path: string, tree: BranchTree, file: string, diagnostics: Diagnostics): ParsedSet | undefined {
  const name = path.slice('sets/'.length);
  if (path === 'sets') {
    diagnostics.add(startOf(file), 'it must be a directory that contains the sets of this branch');
    return undefined;
  }
  // The name of a set in a directory has a slash, as in @kde/apps: other sets may contain it, and no tuple has such a name.
  const parts = name.split('/');
  if (!parts.slice(0, -1).every(isSetDirectory) || !isSetFile(parts.at(-1) ?? '')) return undefined;
  checkSetName(name, file, diagnostics);
  const faults = new Diagnostics();
  const text = reportFaults(faults, startOf(file), () => {
    const target = tree.resolve(path);
    if (target.kind === 'file') return decodeText(target.entry.read(), file, faults, 'as-portage');
    faults.add(startOf(file), `it is a symbolic link to ${wrongTargets[target.kind]}`);
    return undefined;
  });
  return readSetText(text ?? '', name, file, faults);
}
