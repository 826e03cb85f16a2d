import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GitRepository } from '../git/git-repository.ts';
import type { Commit } from '../site.ts';
import { describeFault } from './report-faults.ts';

/**
 * Reads the commit of the site's own repository that is checked out. Returns undefined if the site's directory is not the top of a
 * repository, or if the repository cannot be read, for example because it lies outside the site: nothing is built from it.
 */
export function readHeadCommit(directory: string): Commit | undefined {
  if (!existsSync(join(directory, '.git'))) return undefined;
  try {
    const git = new GitRepository(directory, directory);
    const commit = git.headCommit;
    return commit === undefined ? undefined : { commit, contains: (sought) => git.contains(commit, sought) };
  } catch (error) {
    describeFault(error);
    return undefined;
  }
}
