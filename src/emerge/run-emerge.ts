import { Failure, Failures } from '../failure.ts';
import { isJobStatus, parseEmergeLine } from '../portage/output/emerge-output.ts';
import {
  droppedPackages,
  failedPackages,
  linesAbout,
  readEmergeReport,
  type FailedCommand,
  type FailedPackage,
  type FileSystemSpace,
} from '../portage/output/emerge-report.ts';
import { explainEmergeFailure } from '../portage/explain/explain-failure.ts';
import type { Remedy } from '../portage/explain/remedy.ts';
import { measureSpace } from '../job/measure-space.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { endedJobFailure, jobFailure } from '../job/job-failure.ts';
import type { Job } from '../job/job.ts';
import { metadataWarning } from './metadata-cache.ts';
import { runJob, type JobResult } from '../job/run-job.ts';

/** Functions that the caller of {@link runEmerge} provides. */
export interface EmergeHandlers {
  /** Describes a remedy as a hint for the user. */
  readonly describe: (remedy: Remedy) => string;
  /** Receives each package (`category/name-version`) that emerge begins to compile. */
  readonly onCompile?: ((cpv: string) => void) | undefined;
}

/**
 * Runs emerge as a job, and reports its output and each package that it begins or completes. If emerge fails, throws a
 * failure with an explanation and the lines of the log that show the cause.
 */
export async function runEmerge(
  session: ContainerSession,
  job: Job,
  { describe, onCompile }: EmergeHandlers,
): Promise<JobResult> {
  const { report } = session;
  const underWay = new Set<string>();
  const result = await runJob(session, job, async (text) => {
    if (isJobStatus(text)) return;
    await report(metadataWarning(text) ?? { type: 'line', step: job.step, text });
    const line = parseEmergeLine(text);
    if (line?.action === 'emerging' || line?.action === 'completed') {
      const { action, cpv, index, total, binary } = line;
      if (action === 'emerging' && !binary) onCompile?.(cpv);
      if (action === 'emerging') underWay.add(cpv);
      else underWay.delete(cpv);
      await report({ type: 'package', action, cpv, index, total, ...(binary ? { binary } : {}) });
    }
  }).catch(async (error: unknown) => {
    throw await endedJobFailure(session, { error, underWay });
  });
  if (result.exitStatus !== 0) throw await emergeFailures(session, result, describe);
  return result;
}

/** Explains each package that failed; if none did, explains why emerge failed. */
async function emergeFailures(
  session: ContainerSession,
  result: FailedCommand,
  describe: (remedy: Remedy) => string,
): Promise<Failure | Failures> {
  const { lines } = readEmergeReport(result);
  const failed = failedPackages(lines);
  const dropped = droppedPackages(lines).map(
    ({ cpv, why }) => new Failure('build-failed', `failed to emerge ${cpv}: emerge left it out, because it ${why}`),
  );
  if (failed.length < 2 && dropped.length === 0) return emergeFailure(session, result, describe);
  const explained: Failure[] = [];
  for (const one of failed)
    explained.push(await emergeFailure(session, { ...result, lines: linesOf(lines, one) }, describe));
  const [first, ...others] = [...explained, ...dropped];
  if (first === undefined || others.length === 0) return first ?? emergeFailure(session, result, describe);
  return new Failures([first, ...others]);
}

/** The lines about one of several failed packages, so that it is not explained by the output of another one. */
function linesOf(lines: readonly string[], { cpv, buildLog }: FailedPackage): readonly string[] {
  const log = buildLog === undefined ? [] : [`>>>  '${buildLog}'`];
  return [`>>> Failed to emerge ${cpv}, Log file:`, ...log, ...linesAbout(lines, cpv)];
}

/** Explains why emerge failed, from its output and, if a package failed, from the last lines of the package's log. */
async function emergeFailure(
  session: ContainerSession,
  result: FailedCommand,
  describe: (remedy: Remedy) => string,
): Promise<Failure> {
  const explain = (lines: readonly string[], spaces: readonly FileSystemSpace[] = []) => {
    const { remedy, ...explained } = explainEmergeFailure({ ...result, lines }, session.tmpfs, spaces);
    return { ...explained, hint: remedy && describe(remedy) };
  };
  const { buildLog, relevantLines } = explain(result.lines);
  const said = relevantLines.length > 0 ? relevantLines : result.lines;
  const log = buildLog === undefined ? [] : await readEnd(session, buildLog);
  const explained = explain([...log.filter(isOfPackage), ...result.lines], await measureSpace(session));
  const shown = log.length === 0 ? { lines: said } : { lines: log, file: buildLog };
  return jobFailure(session, explained, shown);
}

/** Whether a line of a package's log may be of the package: the log of an emerge that the package runs names other packages. */
const isOfPackage = (line: string): boolean => parseEmergeLine(line) === undefined;

/** The last lines of a log, at most 200, from its last bytes only: a line may have gigabytes. */
async function readEnd(session: ContainerSession, file: string): Promise<readonly string[]> {
  const tail = await session.run({ command: ['tail', '-c', String(256 * 1024), '--', file] });
  return tail.stdout
    .split('\n')
    .filter((line) => line !== '')
    .slice(-200);
}
