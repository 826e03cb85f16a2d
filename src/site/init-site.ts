import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { writeRepository, type NewRepository } from './git/write-repository.ts';
import { starterSite } from './starter-site.ts';

/** A site that was made. */
export interface NewSite {
  readonly name: string;
  /** The absolute path. */
  readonly directory: string;
}

/**
 * Makes a small site in a directory that is not there yet, or empty but for a repository of its own and what describes it; its
 * name is the directory's. site.yaml comes last, so that what was not finished is no site. Throws a `Failure`: `usage` where the directory has something in it or cannot be
 * written.
 */
export function initSite(path: string, time: Date): NewSite {
  try {
    const directory = resolve(path);
    const site = { name: siteName(basename(directory)), directory };
    requireEmpty(directory, path);
    const { files, portage, buildhooks } = starterSite(site.name);
    const start: Omit<NewRepository, 'branches'> = {
      excluded: ['/sets'],
      message: 'A small site for the ministage',
      author: { name: 'zentoo', email: 'zentoo@localhost' },
      time,
    };
    mkdirSync(join(directory, 'config/portage'), { recursive: true });
    writeRepository(join(directory, 'config/portage'), { ...start, branches: portage });
    // The site's own repository can have files in config/sets, and none below the repository config/portage.
    symlinkSync('../sets', join(directory, 'config/portage/sets'));
    mkdirSync(join(directory, 'config/buildhooks'));
    writeRepository(join(directory, 'config/buildhooks'), { ...start, excluded: [], branches: buildhooks });
    for (const [file, text] of Object.entries(files).toReversed()) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      if (mayBeThere.test(file) && existsSync(join(directory, file))) continue;
      writeFileSync(join(directory, file), text);
    }
    return site;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const why = error.syscall === 'uv_cwd' ? 'the current directory is not there any more' : error.message;
    throw new Failure('usage', `failed to make a site in ${path}: ${why}`, { cause: error });
  }
}

/** What a repository has before anything is in it, by `git init` or by whoever keeps it. */
const mayBeThere = /^(?:\.git|\.gitignore|\.gitattributes|README(?:\..*)?)$/i;

function requireEmpty(directory: string, path: string): void {
  const status = statSync(directory, { throwIfNoEntry: false });
  if (status === undefined) return;
  const [first] = status.isDirectory() ? readdirSync(directory).filter((name) => !mayBeThere.test(name)) : [''];
  if (first === undefined) return;
  const why = first === '' ? 'it is a file' : `it is not empty (there is ${first})`;
  throw new Failure('usage', `failed to make a site in ${path}: ${why}`, {
    hint: 'name a directory that is not there yet, or empty but for .git and README: zentoo init DIR',
  });
}

/** A directory's name made into one that an image may have; `site` if nothing is left of it. */
function siteName(name: string): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? ['site'];
  return words.join('-').slice(0, 60).replace(/-$/, '');
}
