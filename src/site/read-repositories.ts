import { findIniFault } from '../portage/ini-sections.ts';
import { parseRepositories, shippedReposConf, type Repository } from '../portage/repos-conf.ts';
import type { Place } from '../failure.ts';
import type { BranchTree } from './branch-tree.ts';
import { startOf, type Diagnostics } from './diagnostics.ts';

/** An ebuild repository with the place at which a branch names it. */
export interface NamedRepository {
  readonly repository: Repository;
  readonly place: Place;
}

/** Where Portage itself has its repos.conf; a link to that is a copy of it. */
const shippedFile = '/usr/share/portage/config/repos.conf';

/**
 * The ebuild repositories that Portage has with a branch's repos.conf, sorted by name: those of the one that it brings
 * itself as well. Reports what Portage would leave out. `fileOf` says how diagnostics name a path of the branch.
 */
export function readRepositories(
  tree: BranchTree,
  fileOf: (path: string) => string,
  diagnostics: Diagnostics,
): readonly NamedRepository[] {
  const files = tree.list('repos.conf').flatMap(({ path, resolved }) => {
    const file = fileOf(path);
    if (resolved.kind === 'file') return [{ file, text: resolved.entry.read().toString('utf8') }];
    if (resolved.kind === 'outside' && resolved.path === shippedFile) return [{ file, text: shippedReposConf }];
    diagnostics.add(startOf(file), 'it is a symbolic link to what is not in this branch');
    return [];
  });
  for (const { file, text } of files) {
    const line = findIniFault(text);
    if (line !== undefined)
      diagnostics.add(
        { file, line, column: 1 },
        'this is neither [NAME] nor key = value, or is there twice: Portage then ignores all of repos.conf',
      );
  }
  const repositories = parseRepositories([shippedReposConf, ...files.map(({ text }) => text)]) ?? [];
  const named = repositories.map((repository) => ({
    repository,
    place: placeOfSection(repository.name, files) ?? startOf(fileOf('repos.conf')),
  }));
  checkRepositories(named, diagnostics);
  return named;
}

/** The last place where a section begins, which is the one that others are read after. */
function placeOfSection(name: string, files: readonly { file: string; text: string }[]): Place | undefined {
  for (const { file, text } of files.toReversed()) {
    const line = text.split(/\r\n|[\n\r]/).findIndex((content) => content.trim().startsWith(`[${name}]`));
    if (line >= 0) return { file, line: line + 1, column: 1 };
  }
  return undefined;
}

/** What a repository may be called (`_repo_name` in portage/dep/__init__.py). */
const repositoryName = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/;

function checkRepositories(named: readonly NamedRepository[], diagnostics: Diagnostics): void {
  const names = new Map<string, string>();
  for (const { repository, place } of named) {
    const { name, location } = repository;
    if (!repositoryName.test(name))
      diagnostics.add(place, `'${name}' is no name for an ebuild repository: letters, digits, _ and -`);
    else if (location === '' || location === '/')
      diagnostics.add(
        place,
        `the repository '${name}' has no location that is an absolute path, and Portage leaves it out: ` +
          `location = /var/db/repos/${name}`,
      );
    else if (names.has(location))
      diagnostics.add(place, `the repository '${names.get(location)}' has the location ${location} already`);
    else names.set(location, name);
  }
}
