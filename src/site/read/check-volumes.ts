import { posix } from 'node:path';
import { BranchTree } from '../branch-tree.ts';
import { Diagnostics } from '../diagnostics.ts';
import { readRepositories } from './read-repositories.ts';
import { missingName } from './read-tuple-name.ts';
import { describeFault } from './report-faults.ts';
import type { SiteDocument } from '../site-document.ts';
import type { SiteRepository } from './site-repository.ts';
import type { SiteTree } from '../site.ts';

/** The default volume of the sources. All sites share it, and gentoo-builder uses it. */
const usualDistfiles = 'gentoo-distfiles';

/** Reports volumes and directories that site.yaml uses for two purposes. */
export function checkVolumes({ volumes, placeOf }: SiteDocument, diagnostics: Diagnostics): void {
  const { binpkgs, distfiles, trees } = volumes;
  const seen = new Map([[distfiles === undefined ? usualDistfiles : '', 'the sources (distfiles)']]);
  const all = [
    { what: 'the sources (distfiles)', source: distfiles, path: ['volumes', 'distfiles'] },
    { what: 'the binary packages (binpkgs)', source: binpkgs, path: ['volumes', 'binpkgs'] },
    ...trees.map(({ repository, source }) => ({
      what: `the repository '${repository}'`,
      source,
      path: ['volumes', 'trees', repository],
    })),
  ];
  for (const { what, source, path } of all) {
    if (source === undefined || source === '') continue;
    const real = source.startsWith('/') ? posix.join(source, '/') : source;
    const first = seen.get(real);
    if (first === undefined) seen.set(real, what);
    else diagnostics.add(placeOf(path), `${source} already has ${first}, and cannot also have ${what}`);
  }
}

/** Reports volumes of repositories that no branch names, including branches that no tuple uses. */
export function checkTrees(
  { volumes, placeOf }: SiteDocument,
  portage: SiteRepository,
  used: readonly SiteTree[],
  diagnostics: Diagnostics,
): void {
  const names = new Set(used.map(({ name }) => name));
  if (volumes.trees.every(({ repository }) => names.has(repository))) return;
  for (const branch of portage.branchNames) for (const name of repositoryNames(portage, branch)) names.add(name);
  for (const { repository } of volumes.trees)
    if (!names.has(repository))
      diagnostics.add(
        placeOf(['volumes', 'trees', repository]),
        missingName('the repos.conf of no portage branch has a repository', repository, [...names].toSorted()),
      );
}

/**
 * The repositories of a branch, even if no tuple uses the branch. This function reports no fault, because faults of a branch
 * matter only if a tuple uses it.
 */
function repositoryNames(portage: SiteRepository, branch: string): readonly string[] {
  try {
    const tree = new BranchTree(portage.peekBranch(branch) ?? []);
    return readRepositories(tree, (path) => path, new Diagnostics()).map(({ repository }) => repository.name);
  } catch (error) {
    describeFault(error);
    return [];
  }
}
