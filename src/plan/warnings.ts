import { join } from 'node:path';
import type { Site } from '../site/site.ts';
import type { PlannedTree, PlanWarning } from './plan.ts';

/**
 * What of a site is not built though one might think so: work in no commit, and branches left behind. `path` is how the
 * site was named, for commands that can be copied.
 */
export function siteWarnings({ uncommitted, leftBehind }: Site, path: string): readonly PlanWarning[] {
  return [
    ...uncommitted.flatMap(({ repository, branch, paths, unread }): readonly PlanWarning[] => {
      const where = branch === undefined ? repository : `${repository} (${branch})`;
      const git = gitIn(path, repository);
      return [
        ...(unread.length === 0
          ? []
          : [
              {
                message: `${repository}: whether there is uncommitted work in ${nameFiles(unread)} is not known: it cannot be read`,
                hint: undefined,
              },
            ]),
        ...(paths.length === 0
          ? []
          : [
              {
                message: `there is uncommitted work in ${where}, which is not built: ${nameFiles(paths)}`,
                hint: `${git} add --all && ${git} commit`,
              },
            ]),
      ];
    }),
    ...leftBehind.map(({ repository, name, own, remote, origin }) => ({
      message: `${repository}: ${name} is at ${own.slice(0, 10)} and ${remote}/${name} at ${origin.slice(0, 10)}, which is not built`,
      hint: `${gitIn(path, repository)} branch --force ${name} ${remote}/${name}`,
    })),
  ];
}

/** The first of several paths, and how many others there are. */
function nameFiles([first, ...others]: readonly string[]): string {
  return others.length === 0 ? `${first}` : `${first} and ${others.length} more`;
}

/** Trees that are not what site.lock says, or of which it says nothing. */
export function treeWarnings(trees: readonly PlannedTree[]): readonly PlanWarning[] {
  return trees.flatMap(({ repository, revision, locked }): readonly PlanWarning[] => {
    if (revision === undefined)
      return [{ message: `the tree ${repository} is empty: nothing can be built from it`, hint: 'zentoo sync' }];
    if (revision === locked) return [];
    const is = `the tree ${repository} is at ${abridge(revision)}`;
    const message =
      locked === undefined ? `${is}, and site.lock says nothing of it` : `${is}, and site.lock says ${abridge(locked)}`;
    return [
      {
        message,
        hint: 'zentoo sync moves all trees on and writes site.lock; what is built meanwhile is from the tree as it is',
      },
    ];
  });
}

function abridge(revision: string): string {
  return /^[0-9a-f]{12,}$/.test(revision) ? revision.slice(0, 10) : revision;
}

/** How git is called in a repository of the site, from where the site was named. */
function gitIn(site: string, repository: string): string {
  const path = join(site, repository);
  return `git -C ${/^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`}`;
}
