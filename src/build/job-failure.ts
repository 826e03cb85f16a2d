import { Failure } from '../failure.ts';
import type { EmergeFailure } from '../portage/explain-failure.ts';
import type { BuildContainer } from './build-container.ts';
import { showLogCommand } from './build-log.ts';
import type { Preconditions } from './check-preconditions.ts';

const shownLines = 30;

/** What a job printed, or the log of the package that failed in it: the lines, and the file in the build container. */
export interface ShownLog {
  readonly lines: readonly string[];
  readonly file?: string | undefined;
}

/** The failure of a job: why, the last lines that show it, and the command that shows the rest of the log. */
export function jobFailure(
  container: BuildContainer,
  ready: Preconditions,
  explained: EmergeFailure,
  { lines, file }: ShownLog,
): Failure {
  const show = `the whole log: ${showLogCommand(container.log, ready.base.name, file)}`;
  return new Failure(explained.code, explained.message, {
    hint: explained.hint === undefined ? show : `${explained.hint}\n${show}`,
    logTail: lines.slice(-shownLines),
  });
}
