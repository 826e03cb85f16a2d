import type { Repository } from '../../portage/configuration/repos-conf.ts';
import { describePlace, type Diagnostics } from '../diagnostics.ts';
import type { NamedRepository } from './read-repositories.ts';
import type { SiteTree } from '../site.ts';

/** A portage branch with the repositories in its repos.conf. */
export interface BranchRepositories {
  readonly branch: string;
  readonly named: readonly NamedRepository[];
}

/**
 * Returns the distinct repositories of all branches, sorted by name. A site has one volume for each repository. Branches that
 * sync a repository in different ways are therefore reported, at both positions.
 */
export function joinRepositories(
  branches: readonly BranchRepositories[],
  diagnostics: Diagnostics,
): readonly SiteTree[] {
  const all = branches.flatMap(({ branch, named }) => named.map((one) => ({ ...one, branch })));
  const byName = Map.groupBy(all, ({ repository }) => repository.name);
  const trees = [...byName].flatMap(([name, [first, ...others]]) => {
    if (first === undefined) return [];
    const different = others.filter((other) => source(other.repository) !== source(first.repository));
    const report = (here: NamedRepository, there: NamedRepository) =>
      diagnostics.add(
        here.place,
        `the repository '${name}' is synced by ${source(here.repository)} here and by ${source(there.repository)} in ` +
          `${describePlace(there.place)}, and a site has one volume per repository: give both the same sync-type and ` +
          'sync-uri, or move one of the branches to a separate site',
      );
    for (const other of different) report(other, first);
    if (different[0]) report(first, different[0]);
    const autoSync = [first, ...others].some(({ repository }) => repository.autoSync);
    return [{ ...first.repository, autoSync, branches: [first, ...others].map(({ branch }) => branch).toSorted() }];
  });
  return trees.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function source({ syncType, syncUri }: Repository): string {
  return [syncType || 'nothing', syncUri].join(' ').trim();
}
