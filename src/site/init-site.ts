import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { writeRepository, type NewRepository } from './git/write-repository.ts';
import { newSiteId } from './site-id.ts';
import { starterSite } from './starter-site.ts';

/** A new site. */
export interface NewSite {
  readonly name: string;
  readonly id: string;
  /** The absolute path of the site's directory. */
  readonly directory: string;
}

/**
 * Makes a small site. The directory must not exist, or must be empty except for files such as `.git` and README. The site gets
 * the name of the directory and a new id. site.yaml is written last, so that an unfinished directory is not a site. Throws a
 * `Failure` with the code `usage` if the directory is not empty or cannot be written; nothing is left behind then.
 */
export function initSite(path: string, time: Date): NewSite {
  try {
    const directory = resolve(path);
    const site = { name: siteName(basename(directory)), id: newSiteId(), directory };
    requireEmpty(directory, path);
    const remove = removalOfNew(directory);
    try {
      writeStarterSite(site, time);
    } catch (error) {
      remove();
      throw error;
    }
    return site;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const why = error.syscall === 'uv_cwd' ? 'the current directory no longer exists' : error.message;
    throw new Failure('usage', `failed to make a site in ${path}: ${why}`, { cause: error });
  }
}

function writeStarterSite({ name, id, directory }: NewSite, time: Date): void {
  const { files, portage, buildhooks } = starterSite(name, id);
  const start: Omit<NewRepository, 'branches'> = {
    excluded: ['/sets'],
    message: 'A small site for the ministage',
    author: { name: 'zentoo', email: 'zentoo@localhost' },
    time,
  };
  makeDirectory(join(directory, 'config/portage'));
  writeRepository(join(directory, 'config/portage'), { ...start, branches: portage });
  // git cannot track files below config/portage in the site's own repository, because config/portage is a repository itself.
  // It can track files in config/sets.
  symlinkSync('../sets', join(directory, 'config/portage/sets'));
  mkdirSync(join(directory, 'config/buildhooks'));
  writeRepository(join(directory, 'config/buildhooks'), { ...start, excluded: [], branches: buildhooks });
  for (const [file, text] of Object.entries(files).toReversed()) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    if (mayBeThere.test(file) && existsSync(join(directory, file))) continue;
    writeFileSync(join(directory, file), text);
  }
}

/**
 * Makes a directory and those that lead to it, one by one: with `recursive`, Node tries for ever below /proc, and tells a read-only file
 * system as a missing directory.
 */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
}

/** Returns a function that removes what is in `directory` now and was not before, and the directory itself if it is new. */
function removalOfNew(directory: string): () => void {
  const before = existsSync(directory) ? new Set(readdirSync(directory)) : undefined;
  return () => {
    if (!existsSync(directory)) return;
    if (before === undefined) return rmSync(directory, { recursive: true });
    for (const name of readdirSync(directory).filter((one) => !before.has(one)))
      rmSync(join(directory, name), { recursive: true });
  };
}

/** Files that a directory may have before it becomes a site: the files of `git init`, and descriptions. */
const mayBeThere = /^(?:\.git|\.gitignore|\.gitattributes|README(?:\..*)?)$/i;

function requireEmpty(directory: string, path: string): void {
  const status = statSync(directory, { throwIfNoEntry: false });
  if (status === undefined) return;
  const [first] = status.isDirectory() ? readdirSync(directory).filter((name) => !mayBeThere.test(name)) : [''];
  if (first === undefined) return;
  const why = first === '' ? 'it is a file' : `it is not empty (there is ${first})`;
  throw new Failure('usage', `failed to make a site in ${path}: ${why}`, {
    hint: 'name a directory that does not exist, or that is empty except for .git and README: zentoo init DIR',
  });
}

/** Turns the name of a directory into a name that an image may have; `site` if nothing remains. */
function siteName(name: string): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? ['site'];
  return words.join('-').slice(0, 60).replace(/-$/, '');
}
