import { BranchTree } from '../branch-tree.ts';
import { checkBranchMakeConf } from './check-branch-make-conf.ts';
import { startOf, type Diagnostics } from '../diagnostics.ts';
import { notePatchLinks } from './patch-links.ts';
import { readOwnSets } from './own-sets.ts';
import type { ParsedSet } from './package-set.ts';
import { checkProtectionRules, protectionFile } from '../protection-rules.ts';
import { reportFaults } from './report-faults.ts';
import { readRepositories, type NamedRepository } from './read-repositories.ts';
import type { BranchEntry, PortageBranch, SiteNote } from '../site.ts';
import type { SiteRepository } from './site-repository.ts';

/** A branch of config/portage with its sets and repositories. */
export interface ParsedPortageBranch {
  readonly branch: PortageBranch;
  /** The branch's own sets, by name. */
  readonly sets: ReadonlyMap<string, ParsedSet>;
  /** The repositories that are mounted. */
  readonly repositories: readonly NamedRepository[];
  /** Settings without an effect, and links to files that the branch does not have. */
  readonly notes: readonly SiteNote[];
}

/** Reads a branch, and reports why it is not a valid /etc/portage. Reports a fault and returns undefined if it cannot be read. */
export function readPortageBranch(
  portage: SiteRepository,
  name: string,
  diagnostics: Diagnostics,
): ParsedPortageBranch | undefined {
  const branch = portage.useBranch(name);
  if (branch === undefined) return undefined;
  const tree = new BranchTree(branch.entries);
  const fileOf = (path: string) => portage.fileOf(name, path);
  checkProfile(branch.entries, fileOf('make.profile'), diagnostics);
  reportFaults(diagnostics, startOf(fileOf(protectionFile)), () => checkProtectionRules(tree, fileOf, diagnostics));
  const sets = readOwnSets(branch.entries, tree, fileOf, diagnostics);
  const repositories =
    reportFaults(diagnostics, startOf(fileOf('repos.conf')), () => readRepositories(tree, fileOf, diagnostics)) ?? [];
  const mounted = repositories.filter((named) => !isPartOfBranch(named, tree, diagnostics));
  const notes = reportFaults(diagnostics, startOf(fileOf('make.conf')), () =>
    checkBranchMakeConf(tree, repositories, fileOf, diagnostics),
  );
  const whole = {
    ...branch,
    repositories: mounted.map(({ repository }) => repository),
    sets: [...sets.values()].map(({ set }) => set),
  };
  const all = [...(notes ?? []), ...notePatchLinks(tree, fileOf)];
  return { branch: whole, sets, repositories: mounted, notes: all };
}

/** Whether a repository is a directory of the branch, so that it needs no volume. Reports one that would be mounted in /etc/portage. */
function isPartOfBranch({ repository, place }: NamedRepository, tree: BranchTree, diagnostics: Diagnostics): boolean {
  const { name, location } = repository;
  if (!`${location}/`.startsWith('/etc/portage/')) return false;
  if (tree.resolve(location).kind !== 'directory')
    diagnostics.add(
      place,
      `the repository '${name}' has its location in /etc/portage, and the branch has no directory ${location.slice('/etc/portage/'.length)}: ` +
        `commit the repository there, or write location = /var/db/repos/${name}`,
    );
  return true;
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
