import { GitFault } from './git-fault.ts';
import type { GitObjects } from './git-objects.ts';

/**
 * Whether a commit is another commit or one of its ancestors. Returns undefined if the repository does not have the whole history: it
 * is a shallow clone (git-clone(1), `--depth`), or a commit is damaged.
 */
export function containsCommit(objects: GitObjects, head: string, sought: string): boolean | undefined {
  const seen = new Set([head]);
  let isWhole = true;
  for (const id of seen) {
    if (id === sought) return true;
    const parents = parentsOf(objects, id);
    if (parents === undefined) isWhole = false;
    else for (const parent of parents) seen.add(parent);
  }
  return isWhole ? false : undefined;
}

/** The parents of a commit; undefined if the commit cannot be read. */
function parentsOf(objects: GitObjects, id: string): readonly string[] | undefined {
  try {
    const [head = ''] = objects.read(id, 'commit').toString('latin1').split('\n\n', 1);
    return head.match(/(?<=^parent )[0-9a-f]+$/gm) ?? [];
  } catch (error) {
    if (error instanceof GitFault) return undefined;
    throw error;
  }
}
