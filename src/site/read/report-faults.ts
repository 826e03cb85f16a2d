import { Failure, type Place } from '../../failure.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { GitFault } from '../git/git-fault.ts';
import { describeReadError } from '../read-text-file.ts';

/** Runs `work`. If it cannot read a repository or a file, reports the fault at `place` and returns undefined. */
export function reportFaults<T>(diagnostics: Diagnostics, place: Place, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    diagnostics.add((error instanceof Failure ? error.place : undefined) ?? place, describeFault(error));
    return undefined;
  }
}

/** Describes a fault of a repository or a file, as a clause. Throws any other error again. */
export function describeFault(error: unknown): string {
  // BranchEntry.read throws a failure with a position: its cause has the fault.
  if (error instanceof Failure && error.place !== undefined) return describeFault(error.cause);
  if (error instanceof GitFault) return error.message;
  if (!(error instanceof Error && 'syscall' in error)) throw error;
  const file = 'path' in error && typeof error.path === 'string' ? ` (${error.path})` : '';
  return describeReadError(error) + file;
}
