import { posix } from 'node:path';
import { BranchTree } from '../branch-tree.ts';
import { checkBranchMakeConf } from './check-branch-make-conf.ts';
import { startOf, type Diagnostics } from '../diagnostics.ts';
import { checkSetName, isSetFile, readSetText, type ReadSet } from './package-set.ts';
import { decodeText } from '../read-text-file.ts';
import { checkProtectionRules, protectionFile } from '../protection-rules.ts';
import { reportFaults } from './report-faults.ts';
import { readRepositories, type NamedRepository } from './read-repositories.ts';
import type { BranchEntry, PortageBranch, SiteNote } from '../site.ts';
import type { SiteRepository } from './site-repository.ts';

/** The names of a branch's own sets. */
export function ownSetNames(entries: readonly BranchEntry[]): readonly string[] {
  return entries.flatMap(({ path }) => {
    const name = /^sets\/([^/]+)$/.exec(path)?.[1];
    return name !== undefined && isSetFile(name) ? [name] : [];
  });
}

/** A branch of config/portage with its sets and repositories. */
export interface ReadPortageBranch {
  readonly branch: PortageBranch;
  /** The branch's own sets, by name. */
  readonly sets: ReadonlyMap<string, ReadSet>;
  readonly repositories: readonly NamedRepository[];
  /** Settings of make.conf that Portage takes for empty. */
  readonly notes: readonly SiteNote[];
}

/** Reads a branch, and reports why it is not a valid /etc/portage. Reports a fault and returns undefined if it cannot be read. */
export function readPortageBranch(
  portage: SiteRepository,
  name: string,
  diagnostics: Diagnostics,
): ReadPortageBranch | undefined {
  const branch = portage.useBranch(name);
  if (branch === undefined) return undefined;
  const tree = new BranchTree(branch.entries);
  const fileOf = (path: string) => portage.fileOf(name, path);
  checkProfile(branch.entries, fileOf('make.profile'), diagnostics);
  reportFaults(diagnostics, startOf(fileOf(protectionFile)), () => checkProtectionRules(tree, fileOf, diagnostics));
  const sets = new Map<string, ReadSet>();
  for (const { path } of branch.entries.filter((entry) => entry.path === 'sets' || entry.path.startsWith('sets/'))) {
    const set = readOwnSet(path, tree, fileOf(path), diagnostics);
    if (set) sets.set(set.set.name, set);
  }
  const repositories =
    reportFaults(diagnostics, startOf(fileOf('repos.conf')), () => readRepositories(tree, fileOf, diagnostics)) ?? [];
  const notes = reportFaults(diagnostics, startOf(fileOf('make.conf')), () =>
    checkBranchMakeConf(tree, repositories, fileOf, diagnostics),
  );
  const whole = {
    ...branch,
    repositories: repositories.map(({ repository }) => repository),
    sets: [...sets.values()].map(({ set }) => set),
  };
  return { branch: whole, sets, repositories, notes: notes ?? [] };
}

/** `make.profile` is a link to a profile, or a directory that is one (portage(5)). */
function checkProfile(entries: readonly BranchEntry[], file: string, diagnostics: Diagnostics): void {
  const entry = entries.find(({ path }) => path === 'make.profile' || path.startsWith('make.profile/'));
  if (entry === undefined)
    diagnostics.add(
      startOf(file),
      'it is missing, and Portage needs a profile, because a branch is a whole /etc/portage: ' +
        'ln -s ../../var/db/repos/gentoo/profiles/... make.profile, and commit the link',
    );
  else if (entry.path === 'make.profile' && entry.type !== 'symlink')
    diagnostics.add(startOf(file), 'it is a file: it must be a symbolic link to a profile');
}

function readOwnSet(path: string, tree: BranchTree, file: string, diagnostics: Diagnostics): ReadSet | undefined {
  const name = path.slice('sets/'.length);
  if (path === 'sets') {
    diagnostics.add(startOf(file), 'it must be a directory that contains the sets of this branch');
    return undefined;
  }
  if (!isSetFile(posix.basename(name))) return undefined;
  if (name.includes('/')) {
    diagnostics.add(startOf(file), 'sets are files directly in sets/, not in directories below it');
    return undefined;
  }
  checkSetName(name, file, diagnostics);
  return reportFaults(diagnostics, startOf(file), () => {
    const target = tree.resolve(path);
    if (target.kind !== 'file') diagnostics.add(startOf(file), 'it is a symbolic link to a path outside this branch');
    const text = target.kind === 'file' ? decodeText(target.entry.read(), file, diagnostics) : undefined;
    return text === undefined ? undefined : readSetText(text, name, file, diagnostics);
  });
}
