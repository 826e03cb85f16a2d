import type { BranchTree, Resolved } from '../branch-tree.ts';
import { startOf } from '../diagnostics.ts';
import type { SiteNote } from '../site.ts';

/**
 * The user patches of a branch (portage(5), "patches/") that are links to files that the branch does not have, or directories. Portage
 * opens all of them when it starts, also those of packages that it does not merge (`UserPatches` in portage/package/ebuild/_config).
 */
export function notePatchLinks(tree: BranchTree, fileOf: (path: string) => string): readonly SiteNote[] {
  const below = (directory: string) => (tree.namesIn(directory) ?? []).map((name) => `${directory}/${name}`);
  const files = below('patches').flatMap(below).flatMap(below);
  return files.flatMap((path) => {
    const message = /\.(?:patch|diff)$/.test(path) ? describeFault(tree.resolve(path)) : undefined;
    return message === undefined ? [] : [{ place: startOf(fileOf(path)), message }];
  });
}

function describeFault(target: Resolved): string | undefined {
  switch (target.kind) {
    case 'file':
      return undefined;
    case 'directory':
      return 'it is a directory, and a patch is a file: emerge ends with IsADirectoryError';
    case 'missing':
      return 'it is a symbolic link to a file that does not exist: emerge ends with FileNotFoundError';
    case 'outside':
      return `it is a symbolic link to ${target.path}, a file outside this branch: emerge fails if the root does not have it`;
  }
}
