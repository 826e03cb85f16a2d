import { defaultOptionsProblem } from '../../portage/emerge-option.ts';
import type { MakeConfVariable } from '../../portage/configuration/make-conf.ts';
import { findRootFaults } from '../../portage/configuration/root-variables.ts';
import type { Remark } from '../../portage/configuration/make-conf-tokens.ts';
import { grabWords } from '../../portage/configuration/python-text.ts';
import { normalizePath } from '../../portage/configuration/repos-conf.ts';
import { readEnvRemarks, readBranchMakeConf, readSettingsOfAll } from '../branch-make-conf.ts';
import type { BranchTree } from '../branch-tree.ts';
import { startOf, type Diagnostics } from '../diagnostics.ts';
import type { SiteNote } from '../site.ts';
import type { NamedRepository } from './read-repositories.ts';

/**
 * Reports what is wrong in a branch's make.conf, and in the files of env/ that package.env names: lines at which emerge would fail,
 * links out of the branch, a PORTDIR that differs from repos.conf and has the profile below it, default options with which
 * emerge installs nothing, and a PKGDIR for all packages. Returns the settings that Portage takes for empty, those that name other
 * places of the ebuild repositories than repos.conf, and the lines that source a file outside the branch.
 */
export function checkBranchMakeConf(
  tree: BranchTree,
  repositories: readonly NamedRepository[],
  fileOf: (path: string) => string,
  diagnostics: Diagnostics,
): readonly SiteNote[] {
  const makeConf = readBranchMakeConf(tree);
  const { variables, faults, notes, unread, linksOutside } = makeConf;
  const env = readEnvRemarks(tree, makeConf);
  const add = (place: MakeConfVariable['place'], message: string) =>
    diagnostics.add({ ...place, file: fileOf(place.file) }, message);
  for (const path of linksOutside) add(startOf(path), 'it is a symbolic link to a path outside this branch');
  for (const { place, message } of [...faults, ...env.faults]) add(place, message);
  for (const { place, message } of findRootFaults(makeConf)) add(place, `${message}: remove the line`);
  const obsolete = obsoleteLocations(variables, repositories);
  const { portdir } = obsolete;
  if (portdir && hasProfileBelow(tree, normalizePath(portdir.value)))
    add(
      portdir.place,
      `PORTDIR is obsolete and differs from repos.conf: name the location of the main repository there`,
    );
  const ofAll = readSettingsOfAll(tree, makeConf);
  for (const [name, { value, place }] of [...variables, ...ofAll]) {
    const problem = name === 'EMERGE_DEFAULT_OPTS' ? defaultOptionsProblem(value) : undefined;
    if (problem !== undefined) add(place, `${name} ${problem}`);
  }
  for (const [name, { place }] of ofAll)
    if (name === 'PKGDIR')
      add(place, 'package.env sets PKGDIR for all packages, and emerge would not use the store: remove the line');
  const outsideNotes = [...unread, ...env.unread].map(({ place, message }) => ({
    place,
    message: `${message}, a file outside this branch: emerge fails if the root does not have it`,
  }));
  return [...notes, ...env.notes, ...obsolete.notes, ...outsideNotes].map(({ place, message }) => ({
    message,
    place: { ...place, file: fileOf(place.file) },
  }));
}

/** The old variables of make.conf that differ from repos.conf. zentoo empties them, see `writeMakeConf`. */
function obsoleteLocations(
  variables: ReadonlyMap<string, MakeConfVariable>,
  repositories: readonly NamedRepository[],
): { readonly portdir: MakeConfVariable | undefined; readonly notes: readonly Remark[] } {
  const portdir = variables.get('PORTDIR');
  const main = repositories.filter(({ isMain }) => isMain);
  const isOther = portdir && !isLocation(portdir.value, main);
  const overlays = variables.get('PORTDIR_OVERLAY');
  const strange = overlays?.value.split(/\s+/).find((path) => !isLocation(path, repositories));
  const notes: Remark[] = [];
  const location = main[0]?.repository.location ?? 'nowhere';
  if (isOther)
    notes.push({
      place: portdir.place,
      message: `PORTDIR is obsolete and has no effect: repos.conf says where the main repository is, ${location}`,
    });
  if (overlays && strange !== undefined)
    notes.push({
      place: overlays.place,
      message: `PORTDIR_OVERLAY is obsolete and has no effect: name the repository in ${strange} in repos.conf`,
    });
  return { portdir: isOther ? portdir : undefined, notes };
}

/**
 * Whether the profile of a branch is below a directory, or inherits from a profile there. Only the links and files of the branch are
 * looked at (`_addProfile` in portage/package/ebuild/_config/LocationsManager.py). The user's profile, `profile/`, has no parents.
 */
function hasProfileBelow(tree: BranchTree, directory: string): boolean {
  if (directory === '') return false;
  const visited = new Set<string>();
  // Iterating over a Set includes the elements that are added meanwhile; profiles may have thousands of ancestors.
  const paths = new Set(['make.profile']);
  for (const path of paths) {
    const found = tree.resolve(path);
    if (found.kind === 'outside' && `${found.path}/`.startsWith(`${directory}/`)) return true;
    if (found.kind !== 'directory' || visited.has(found.path)) continue;
    visited.add(found.path);
    const parent = tree.resolve(`${found.path}/parent`);
    const lines = parent.kind === 'file' ? grabWords(parent.entry.read().toString('utf8')) : [];
    for (const words of lines) {
      const line = words.join(' ');
      paths.add(line.startsWith('/') ? line : `${found.path}/${line}`);
    }
  }
  return false;
}

/** Whether Portage uses the path already, because one of the repositories is there; an empty path names none. */
function isLocation(path: string, repositories: readonly NamedRepository[]): boolean {
  return path.trim() === '' || repositories.some(({ repository }) => repository.location === normalizePath(path));
}
