import { describeMount, type MountChoice } from '../../container/mounts.ts';
import { Failure } from '../../failure.ts';
import type { Restoration } from '../../job/tree/tree-state.ts';

/** The number of changed paths that a message names. */
const mostNamed = 5;

/** Describes the changes in a tree: the first paths, and how many there are besides. */
export function describeChanges(tree: MountChoice, paths: readonly string[]): string {
  const rest = paths.length - mostNamed;
  const named = paths.slice(0, mostNamed).join(', ');
  return `${describeMount(tree)} changed while the packages were built: ${named}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** Says why changes in a tree are only reported, and what the user can do. */
export function describeUnrestored(
  tree: MountChoice,
  isShared: boolean,
  syncType: string | undefined,
): { readonly message: string; readonly hint: string } {
  const hint = 'if neither you nor another program changed it, a package of this build did: sync the tree again';
  if (tree.type === 'bind') {
    return {
      message: 'it stays as it is, because it is a directory of yours',
      hint: 'if neither you nor another program changed it, a package of this build did: look at the files',
    };
  }
  if (isShared) return { message: 'it stays as it is, because other containers used it, too', hint };
  const why = syncType === 'git' ? 'gentoo-builder did not make the volume' : 'it is not a git clone';
  return { message: `it stays as it is, because ${why}`, hint };
}

/** The failure of a build whose packages changed the tree; `restored` is undefined if the restoration failed. */
export function treeChanged(
  tree: MountChoice,
  paths: readonly string[],
  restored: Exclude<Restoration, 'busy'> | undefined,
): Failure {
  const results = {
    restored: 'it has been restored',
    emptied: 'it has been emptied, because it could not be restored: the next sync fills it',
    failed: 'it could not be restored',
  };
  const blame = 'an ebuild must not write to its repository: look for these paths in the phases of the ebuilds (pkg_*)';
  const hint = `${blame}; the binary packages of this build may be wrong: build with --no-binpkgs, or remove them`;
  const volume = `remove the volume, so that the next build fills it again: docker volume rm ${tree.source}`;
  return new Failure(
    'tree-changed',
    `failed to keep the tree: ${describeChanges(tree, paths)}; ${results[restored ?? 'failed']}`,
    { hint: restored === undefined ? `${hint}\n${volume}` : hint },
  );
}
