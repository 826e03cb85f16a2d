import type { BranchTree } from '../branch-tree.ts';
import { startOf } from '../diagnostics.ts';
import type { BranchEntry, SiteNote } from '../site.ts';

/** A user patch of a package (portage(5), "patches/"). */
const userPatch = /^patches\/[^/]+\/[^/]+\/[^/]+\.(?:patch|diff)$/;

/**
 * The user patches of a branch that are links to files that the branch does not have. Portage opens all of them when it starts,
 * also those of packages that it does not merge (`UserPatches` in portage/package/ebuild/_config).
 */
export function notePatchLinks(
  entries: readonly BranchEntry[],
  tree: BranchTree,
  fileOf: (path: string) => string,
): readonly SiteNote[] {
  return entries.flatMap(({ path, type }) => {
    const target = type === 'symlink' && userPatch.test(path) ? tree.resolve(path) : undefined;
    const place = startOf(fileOf(path));
    if (target?.kind === 'missing')
      return [
        { place, message: 'it is a symbolic link to a file that does not exist: emerge ends with FileNotFoundError' },
      ];
    if (target?.kind !== 'outside') return [];
    const message = `it is a symbolic link to ${target.path}, a file outside this branch: emerge fails if the root does not have it`;
    return [{ place, message }];
  });
}
