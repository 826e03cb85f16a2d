import type { Place } from '../failure.ts';
import type { Diagnostics } from './diagnostics.ts';
import { GitFault } from './git/git-fault.ts';
import { describeReadError } from './read-text-file.ts';

/** What a piece of work gives; undefined, with a diagnostic, if a repository or a file could not be read for it. */
export function reportFaults<T>(diagnostics: Diagnostics, place: Place, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof GitFault) diagnostics.add(place, error.message);
    else if (error instanceof Error && 'syscall' in error) diagnostics.add(place, describeReadError(error));
    else throw error;
    return undefined;
  }
}
