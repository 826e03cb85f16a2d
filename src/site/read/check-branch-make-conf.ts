import { defaultAction } from '../../portage/emerge-option.ts';
import type { MakeConfVariable } from '../../portage/configuration/make-conf.ts';
import { findRootFaults } from '../../portage/configuration/root-variables.ts';
import { normalizePath } from '../../portage/configuration/repos-conf.ts';
import { findEnvFaults, readBranchMakeConf } from '../branch-make-conf.ts';
import type { BranchTree } from '../branch-tree.ts';
import { startOf, type Diagnostics } from '../diagnostics.ts';
import type { SiteNote } from '../site.ts';
import type { NamedRepository } from './read-repositories.ts';

/**
 * Reports the lines of a branch's make.conf, and of the files in env/ that package.env names, at which emerge would end, links out of the branch, variables that name other
 * places of the ebuild repositories than repos.conf, and default options with which emerge installs nothing. Returns the settings that Portage takes for empty, and the lines that
 * source a file outside the branch.
 */
export function checkBranchMakeConf(
  tree: BranchTree,
  repositories: readonly NamedRepository[],
  fileOf: (path: string) => string,
  diagnostics: Diagnostics,
): readonly SiteNote[] {
  const makeConf = readBranchMakeConf(tree);
  const { variables, faults, notes, unread, outside } = makeConf;
  const add = (place: MakeConfVariable['place'], message: string) =>
    diagnostics.add({ ...place, file: fileOf(place.file) }, message);
  for (const path of outside) add(startOf(path), 'it is a symbolic link to a path outside this branch');
  for (const { place, message } of [...faults, ...findEnvFaults(tree, makeConf)]) add(place, message);
  for (const { place, message } of findRootFaults(makeConf)) add(place, `${message}: remove the line`);
  const portdir = variables.get('PORTDIR');
  if (
    portdir &&
    !isLocation(
      portdir.value,
      repositories.filter(({ isMain }) => isMain),
    )
  )
    add(
      portdir.place,
      `PORTDIR is obsolete and differs from repos.conf: name the location of the main repository there`,
    );
  const overlays = variables.get('PORTDIR_OVERLAY');
  const strange = overlays?.value.split(/\s+/).find((path) => !isLocation(path, repositories));
  if (overlays && strange !== undefined)
    add(overlays.place, `PORTDIR_OVERLAY is obsolete: name the repository in ${strange} in repos.conf`);
  const options = variables.get('EMERGE_DEFAULT_OPTS');
  const action = options && defaultAction(options.value);
  if (options && action !== undefined)
    add(options.place, `EMERGE_DEFAULT_OPTS has ${action}, and emerge installs nothing with it: remove it`);
  const outsideNotes = unread.map(({ place, message }) => ({
    place,
    message: `${message}, a file outside this branch: emerge ends if the root does not have it`,
  }));
  return [...notes, ...outsideNotes].map(({ place, message }) => ({
    message,
    place: { ...place, file: fileOf(place.file) },
  }));
}

/** Whether Portage uses the path already, because one of the repositories is there; an empty path names none. */
function isLocation(path: string, repositories: readonly NamedRepository[]): boolean {
  return path.trim() === '' || repositories.some(({ repository }) => repository.location === normalizePath(path));
}
