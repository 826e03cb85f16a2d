import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import type { EmergeFailure } from '../portage/explain-failure.ts';
import type { BuildContainer } from './build-container.ts';
import { showLogCommand } from './build-log.ts';
import type { BuildContext } from './context.ts';
import { newestLogCommand } from './job-scripts.ts';
import { runCommand } from '../engine/run-command.ts';

const shownLines = 30;
/** Whatever ended the job may have taken the engine with it. */
const patienceMs = 3000;

/** What a job printed, or the log of the package that failed in it: the lines, and the file in the build container. */
export interface ShownLog {
  readonly lines: readonly string[];
  readonly file?: string | undefined;
}

/** The failure of a job: why, the last lines that show it, and the command that shows the rest of the log. */
export function jobFailure(
  container: BuildContainer,
  explained: Pick<EmergeFailure, 'code' | 'message' | 'hint'> & { readonly cause?: unknown },
  { lines, file }: ShownLog,
): Failure {
  const show = `the whole log: ${showLogCommand(container.log, container.base, file)}`;
  return new Failure(explained.code, explained.message, {
    hint: explained.hint === undefined ? show : `${explained.hint}\n${show}`,
    logTail: lines.slice(-shownLines),
    cause: explained.cause,
  });
}

/**
 * The error that a job was ended with before its own end. A failure that is not a signal gets the end of the log that was
 * written to last and the command that shows all of it, and names the packages that were `underWay`.
 */
export async function endedJobFailure(
  { engine }: BuildContext,
  container: BuildContainer,
  { error, underWay }: { error: unknown; underWay: ReadonlySet<string> },
): Promise<unknown> {
  if (!(error instanceof Failure) || error.code === 'interrupted' || error.code === 'terminated') return error;
  const newest = runCommand(engine, container.id, { command: newestLogCommand(container.log.directory, shownLines) });
  const stdout = await Promise.race([
    newest.then((result) => result.stdout).catch(() => ''),
    delay(patienceMs, '', { ref: false }),
  ]);
  const [file = '', ...lines] = stdout.trimEnd().split('\n');
  const { code, hint, cause } = error;
  const during = underWay.size === 0 ? '' : `, while ${[...underWay].join(', ')} was being built`;
  const shown = file === '' ? { lines: error.logTail } : { lines, file };
  return jobFailure(container, { code, hint, cause, message: error.message + during }, shown);
}
