import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { describeReadError } from './read-text-file.ts';

/** Returns the absolute path of a site's directory. Throws a `Failure` if there is no readable directory. */
export function findSite(path: string): string {
  const fault = (cause: string, error?: unknown) =>
    new Failure('site-invalid', `failed to read the site ${abbreviatePath(path)}: ${cause}`, {
      hint: 'choose a site with --site DIR or ZENTOO_SITE, or make one with zentoo init DIR',
      cause: error,
    });
  try {
    const directory = resolve(path);
    const status = statSync(directory, { throwIfNoEntry: false });
    if (status?.isFile()) throw fault('it is a file: name its directory');
    if (status?.isDirectory() !== true) throw fault('there is no such directory');
    accessSync(directory, constants.R_OK | constants.X_OK);
    return directory;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    if (error.syscall === 'uv_cwd') throw fault('the current directory no longer exists', error);
    throw fault(describeReadError(error), error);
  }
}

/** Limits the length of a path in a message. */
function abbreviatePath(path: string): string {
  return path.length > 300 ? `${path.slice(0, 300)}...` : path;
}
