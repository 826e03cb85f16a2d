import { accessSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { Failure } from '../../failure.ts';

/** The file of a site that says what its trees are at. */
const lockFile = 'site.lock';

const heading = `What the ebuild repositories of this site were at when they were last synced: written by \`zentoo sync\`.
Keep it under version control; zentoo says when a tree is not what stands here.`;

/** The revisions that a site's lock file has, by the names of the repositories; none where there is no such file. */
export function readSiteLock(directory: string): ReadonlyMap<string, string> {
  const path = join(directory, lockFile);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw new Failure('site-invalid', `failed to read ${path}: ${describe(error)}`, { cause: error });
  }
  const repositories = repositoriesIn(text);
  if (repositories === undefined)
    throw new Failure('site-invalid', `${lockFile}:1:1: it is no lock file of a site`, {
      place: { file: lockFile, line: 1, column: 1 },
      hint: 'zentoo writes it: remove it, or check it out again; zentoo sync makes a new one',
    });
  return repositories;
}

function repositoriesIn(text: string): ReadonlyMap<string, string> | undefined {
  let document: unknown;
  try {
    // As they stand there: 12e4567 is a commit, and no number.
    document = parse(text, { maxAliasCount: 0, schema: 'failsafe', stringKeys: true });
  } catch {
    return undefined;
  }
  const repositories =
    typeof document === 'object' && document !== null && 'repositories' in document ? document.repositories : undefined;
  if (typeof repositories !== 'object' || repositories === null || Array.isArray(repositories)) return undefined;
  const entries = Object.entries(repositories as Readonly<Record<string, unknown>>);
  return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
    ? new Map(entries)
    : undefined;
}

/** Refuses a site whose lock file could not be written, before anything is moved that has to be written down there. */
export function checkLockWritable(directory: string): void {
  try {
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new Failure('mount-unusable', `failed to write ${join(directory, lockFile)}: ${describe(error)}`, {
      hint: 'zentoo sync writes down there what the trees are at: the site has to be writable',
      cause: error,
    });
  }
}

/** Writes the lock file as a whole. */
export function writeSiteLock(directory: string, revisions: ReadonlyMap<string, string>): void {
  const path = join(directory, lockFile);
  const comment = heading.replaceAll(/^/gm, '# ');
  const repositories = Object.fromEntries([...revisions].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const next = `${path}.new`;
  try {
    writeFileSync(
      next,
      `${comment}\n${stringify({ repositories }, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' })}`,
    );
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw new Failure('mount-unusable', `failed to write ${path}: ${describe(error)}`, {
      hint: 'the trees were synced; the site has to be writable for that to be written down',
      cause: error,
    });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
