import { findIniFault } from '../../portage/configuration/ini-sections.ts';
import {
  findReferenceFault,
  parseReposConf,
  parseRepositories,
  shippedReposConf,
  type Repository,
} from '../../portage/configuration/repos-conf.ts';
import type { Place } from '../../failure.ts';
import type { BranchTree } from '../branch-tree.ts';
import { startOf, type Diagnostics } from '../diagnostics.ts';

/** An ebuild repository with the position at which a branch names it. */
export interface NamedRepository {
  readonly repository: Repository;
  readonly place: Place;
  /** Whether it is the main repository of Portage. */
  readonly isMain: boolean;
}

/** The repos.conf of Portage itself; a link to it is read as its content. */
const shippedFile = '/usr/share/portage/config/repos.conf';

/**
 * Reads the ebuild repositories in a branch's repos.conf and in Portage's own repos.conf, sorted by name. Reports entries that
 * Portage would ignore. `fileOf` returns the name of a path of the branch in diagnostics.
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
    diagnostics.add(startOf(file), 'it is a symbolic link to a path outside this branch');
    return [];
  });
  reportFaults(files, diagnostics);
  const texts = [shippedReposConf, ...files.map(({ text }) => text)];
  const main = parseReposConf(texts)?.name;
  const named = (parseRepositories(texts) ?? []).map((repository) => ({
    repository,
    isMain: repository.name === main,
    place: placeOfSection(repository.name, files) ?? startOf(fileOf('repos.conf')),
  }));
  checkRepositories(named, diagnostics);
  return named;
}

/** Reports the lines because of which Portage ignores all of repos.conf. */
function reportFaults(files: readonly { file: string; text: string }[], diagnostics: Diagnostics): void {
  for (const { file, text } of files) {
    const line = findIniFault(text);
    if (line === undefined) continue;
    const why = text.startsWith('\uFEFF')
      ? 'a byte order mark (BOM) stands before the first section: save the file as UTF-8 without BOM'
      : 'this is neither [NAME] nor key = value, or it is a duplicate';
    diagnostics.add({ file, line, column: 1 }, `${why}: ${ignored}`);
  }
  const fault = findReferenceFault([shippedReposConf, ...files.map(({ text }) => text)]);
  const file = fault && files[fault.index - 1]?.file;
  if (fault && file !== undefined)
    diagnostics.add({ file, line: fault.line, column: 1 }, `${fault.message}: ${ignored}`);
}

const ignored = 'Portage then ignores all of repos.conf';

/** The position of the last section of a name, which overrides earlier sections. */
function placeOfSection(name: string, files: readonly { file: string; text: string }[]): Place | undefined {
  for (const { file, text } of files.toReversed()) {
    const line = text.split(/\r\n|[\n\r]/).findIndex((content) => content.trim().startsWith(`[${name}]`));
    if (line >= 0) return { file, line: line + 1, column: 1 };
  }
  return undefined;
}

/** A valid name of a repository (`_repo_name` in portage/dep/__init__.py). */
const repositoryName = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/;

function checkRepositories(named: readonly NamedRepository[], diagnostics: Diagnostics): void {
  const names = new Map<string, string>();
  for (const { repository, place } of named) {
    const { name, location } = repository;
    if (!repositoryName.test(name))
      diagnostics.add(place, `'${name}' is not a valid name of an ebuild repository: use letters, digits, _ and -`);
    else if (location === '' || location === '/')
      diagnostics.add(
        place,
        `the repository '${name}' has no absolute location, and Portage ignores it: ` +
          `location = /var/db/repos/${name}`,
      );
    else if (names.has(location))
      diagnostics.add(place, `the repository '${names.get(location)}' already has the location ${location}`);
    else names.set(location, name);
  }
}
