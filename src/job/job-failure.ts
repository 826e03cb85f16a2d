import { setTimeout as delay } from 'node:timers/promises';
import { Failure, type FailureCode } from '../failure.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { showLogCommand } from '../container/build-log.ts';
import { newestLogCommand } from './job-scripts.ts';

const shownLines = 30;
/** The time limit for reading the log: if the engine is gone, it never answers. */
const timeoutMs = 3000;

/** The log that explains a failure: its last lines and, for the log of one package, its file in the build container. */
export interface ShownLog {
  readonly lines: readonly string[];
  readonly file?: string | undefined;
}

/** The explanation of a job's failure, in words for the user. */
export interface ExplainedFailure {
  readonly code: FailureCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly cause?: unknown;
  readonly causedBy?: string | undefined;
}

/** Creates the failure of a job, with the last lines of the log and the command that shows the whole log. */
export function jobFailure(session: ContainerSession, explained: ExplainedFailure, { lines, file }: ShownLog): Failure {
  const show = `the whole log: ${showLogCommand(session.log, session.base, file)}`;
  return new Failure(explained.code, explained.message, {
    hint: explained.hint === undefined ? show : `${explained.hint}\n${show}`,
    logTail: lines.slice(-shownLines),
    cause: explained.cause,
    causedBy: explained.causedBy,
  });
}

/**
 * Completes the error that ended a job from outside, for example a time limit or a lost container. The result has the last
 * lines of the newest log, the command that shows the whole log, and the packages that were being built (`underWay`). The
 * error of an interrupted or terminated run is returned as it is.
 */
export async function endedJobFailure(
  session: ContainerSession,
  { error, underWay }: { error: unknown; underWay: ReadonlySet<string> },
): Promise<unknown> {
  if (!(error instanceof Failure) || error.code === 'interrupted' || error.code === 'terminated') return error;
  const newest = session.run({ command: newestLogCommand(session.log.directory, shownLines) });
  const stdout = await Promise.race([
    newest.then((result) => result.stdout).catch(() => ''),
    delay(timeoutMs, '', { ref: false }),
  ]);
  const [file, ...lines] = stdout.trimEnd().split('\n');
  const { code, hint, cause } = error;
  const during = underWay.size === 0 ? '' : `, while ${[...underWay].join(', ')} was being built`;
  // Without lines, the log is empty, or the answer is the engine's message that the command was not started.
  const shown = lines.length === 0 ? { lines: error.logTail } : { lines, file };
  return jobFailure(session, { code, hint, cause, message: error.message + during }, shown);
}
