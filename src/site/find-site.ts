import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { describeReadError } from './read-text-file.ts';

/** The name of a site's main file. */
export const siteFile = 'site.yaml';

/**
 * Returns the absolute path of a site's directory. Throws a `Failure` if there is no readable directory, or one with no part of
 * a site.
 */
export function findSite(path: string): string {
  const fault = (cause: string, error?: unknown) => unreadable(path, cause, { error });
  try {
    const directory = resolve(path);
    const status = statSync(directory, { throwIfNoEntry: false });
    if (status?.isFile()) throw fault('it is a file: name its directory');
    if (status?.isDirectory() !== true) throw fault('there is no such directory');
    accessSync(directory, constants.R_OK | constants.X_OK);
    if (parts.some((part) => existsSync(join(directory, part)))) return directory;
    throw unreadable(directory, `it has no ${siteFile}`, { around: findSiteAround(directory) });
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    if (error.syscall === 'uv_cwd') throw fault('the current directory no longer exists', error);
    throw fault(describeReadError(error), error);
  }
}

function unreadable(path: string, cause: string, { error, around }: { error?: unknown; around?: string | undefined }) {
  return new Failure('site-invalid', `failed to read the site ${abbreviatePath(path)}: ${cause}`, {
    hint: `choose a site with --site ${around ?? 'DIR'} or ZENTOO_SITE, or make one with zentoo init DIR`,
    cause: error,
  });
}

/** A directory with one of these is a site; the reader reports the other one if it is missing. */
const parts = [siteFile, 'config'];

/** The site that contains a directory; undefined if there is none. */
function findSiteAround(directory: string): string | undefined {
  const parent = dirname(directory);
  if (parent === directory) return undefined;
  return existsSync(join(parent, siteFile)) ? abbreviatePath(parent) : findSiteAround(parent);
}

/** Limits the length of a path in a message. */
function abbreviatePath(path: string): string {
  return path.length > 300 ? `${path.slice(0, 300)}...` : path;
}
