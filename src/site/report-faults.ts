import { Failure, type Place } from '../failure.ts';
import type { Diagnostics } from './diagnostics.ts';
import { GitFault } from './git/git-fault.ts';
import { describeReadError } from './read-text-file.ts';

/** What a piece of work gives; undefined, with a diagnostic, if a repository or a file could not be read for it. */
export function reportFaults<T>(diagnostics: Diagnostics, place: Place, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    diagnostics.add((error instanceof Failure ? error.place : undefined) ?? place, describeFault(error));
    return undefined;
  }
}

/** What is wrong with a repository or a file, as a clause; throws the error again if it is about something else. */
export function describeFault(error: unknown): string {
  // What the file of a branch throws when it is read names that file by its place.
  if (error instanceof Failure && error.place !== undefined) return describeFault(error.cause);
  if (error instanceof GitFault) return error.message;
  if (!(error instanceof Error && 'syscall' in error)) throw error;
  const file = 'path' in error && typeof error.path === 'string' ? ` (${error.path})` : '';
  return describeReadError(error) + file;
}
