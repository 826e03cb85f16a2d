import { accessSync, constants, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parse, stringify } from 'yaml';
import { Failure } from '../../failure.ts';
import { readFormat } from '../identity/formats.ts';

/** The file of a site that records the revisions of its trees. */
const lockFile = 'site.lock';

/** The length of the longest lock file that is read, in bytes. */
const longestLock = 1024 * 1024;

/** The format of a lock file; one without a number has the format 1. */
const lockFormat = 1;

const heading = `The revisions of this site's ebuild repositories after the last sync, written by \`zentoo sync\`.
Keep this file under version control: zentoo warns if a tree has another revision.`;

/**
 * The revisions in a site's lock file, by the names of the repositories; none if there is no lock file. Throws `format-unknown` if a
 * newer zentoo wrote it.
 */
export function readSiteLock(directory: string): ReadonlyMap<string, string> {
  const path = join(directory, lockFile);
  let text: string;
  try {
    const status = statSync(path);
    // A pipe or a device would be read without end.
    if (!(status.isFile() || status.isDirectory()) || status.size > longestLock) throw unusableLock();
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw new Failure('site-invalid', `failed to read ${path}: ${describe(error)}`, { cause: error });
  }
  const repositories = repositoriesIn(text);
  if (repositories === undefined) throw unusableLock();
  return repositories;
}

function unusableLock(): Failure {
  return new Failure('site-invalid', `${lockFile}:1:1: the file is not a lock file`, {
    place: { file: lockFile, line: 1, column: 1 },
    hint: 'check it out again, or remove it and run `zentoo sync`, which writes a new one',
  });
}

/** The parts of a lock file that are read: its format, and the revisions under `repositories`, by the names of the repositories. */
const lockDocument = v.map(v.string(), v.unknown());
const formatOfLock = v.optional(v.pipe(v.string(), v.digits()));
const revisionsOfLock = v.map(v.string(), v.string());

function repositoriesIn(text: string): ReadonlyMap<string, string> | undefined {
  let document: unknown;
  try {
    // Every value is a text: 12e4567 is a commit, not a number.
    document = parse(text, { maxAliasCount: 0, schema: 'failsafe', stringKeys: true, mapAsMap: true });
  } catch {
    return undefined;
  }
  const lock = v.safeParse(lockDocument, document);
  if (!lock.success) return undefined;
  // A newer format may have another form.
  const format = v.safeParse(formatOfLock, lock.output.get('format'));
  if (!format.success) return undefined;
  readFormat(format.output, lockFile, lockFormat);
  const { success, output } = v.safeParse(revisionsOfLock, lock.output.get('repositories'));
  return success ? output : undefined;
}

/** Throws `mount-unusable` if the lock file cannot be written: called before a sync changes trees. */
export function checkLockWritable(directory: string): void {
  try {
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new Failure('mount-unusable', `failed to write ${join(directory, lockFile)}: ${describe(error)}`, {
      hint: 'zentoo sync records the revisions of the trees there: make the site writable',
      cause: error,
    });
  }
}

/** Writes a new lock file in place of the old one. */
export function writeSiteLock(directory: string, revisions: ReadonlyMap<string, string>): void {
  const path = join(directory, lockFile);
  const comment = heading.replaceAll(/^/gm, '# ');
  const names = [...revisions.keys()].toSorted();
  const repositories = Object.fromEntries(names.map((name) => [name, revisions.get(name)]));
  const next = `${path}.new`;
  try {
    writeFileSync(
      next,
      `${comment}\n${stringify({ format: lockFormat, repositories }, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' })}`,
    );
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw new Failure('mount-unusable', `failed to write ${path}: ${describe(error)}`, {
      hint: 'the trees were synced, but not recorded: make the site writable and sync again',
      cause: error,
    });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
