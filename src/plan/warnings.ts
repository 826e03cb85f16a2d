import { join } from 'node:path';
import type { Site, SiteNote } from '../site/site.ts';
import type { PlannedTree, PlanWarning } from './plan.ts';

/**
 * Warns of parts of a site that have no effect although its user may expect it: settings that Portage takes for empty,
 * uncommitted work, and branches that are behind their remotes. `path` is the path of the site as the user wrote it, for commands that can be copied.
 */
export function siteWarnings({ notes, uncommitted, leftBehind }: Site, path: string): readonly PlanWarning[] {
  return [
    ...noteWarnings(notes),
    ...uncommitted.flatMap(({ repository, branch, paths, unread }): readonly PlanWarning[] => {
      const where = branch === undefined ? repository : `${repository} (${branch})`;
      const git = gitIn(path, repository);
      return [
        ...(unread.length === 0
          ? []
          : [
              {
                message: `${repository}: ${nameFiles(unread)} cannot be read, and may have uncommitted work`,
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

/** Warns of settings that have no effect. */
export function noteWarnings(notes: readonly SiteNote[]): readonly PlanWarning[] {
  return notes.map(({ place: { file, line, column }, message }) => ({
    message: `${file}:${line}:${column}: ${message}`,
    hint: undefined,
  }));
}

/** Names the first path and the number of the others. */
function nameFiles([first, ...others]: readonly string[]): string {
  return others.length === 0 ? `${first}` : `${first} and ${others.length} more`;
}

/** Warns of trees that are not at the revision in site.lock, or that site.lock does not name. */
export function treeWarnings(trees: readonly PlannedTree[]): readonly PlanWarning[] {
  return trees.flatMap(({ repository, revision, locked }): readonly PlanWarning[] => {
    if (revision === undefined)
      return [{ message: `the tree ${repository} is empty: nothing can be built from it`, hint: 'zentoo sync' }];
    if (revision === locked) return [];
    const is = `the tree ${repository} is at ${abridge(revision)}`;
    const message =
      locked === undefined
        ? `${is}, and site.lock has no revision of it`
        : `${is}, and site.lock has ${abridge(locked)}`;
    return [
      {
        message,
        hint: 'run zentoo sync to update all trees and site.lock; until then, builds use the tree as it is',
      },
    ];
  });
}

function abridge(revision: string): string {
  return /^[0-9a-f]{12,}$/.test(revision) ? revision.slice(0, 10) : revision;
}

/** The git command for a repository of the site, relative to the directory in which the user named the site. */
function gitIn(site: string, repository: string): string {
  const path = join(site, repository);
  return `git -C ${/^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`}`;
}
