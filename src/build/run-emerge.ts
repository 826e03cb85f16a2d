import type { Failure } from '../failure.ts';
import { isJobStatus, parseEmergeLine } from '../portage/emerge-output.ts';
import type { FailedCommand } from '../portage/emerge-report.ts';
import type { EmergeFailure } from '../portage/explain-failure.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildContext } from './context.ts';
import { endedJobFailure, jobFailure } from './job-failure.ts';
import type { Job } from './job.ts';
import { runCommand } from '../engine/run-command.ts';
import { runJob, type JobResult } from './run-job.ts';

/**
 * Runs a job that is an emerge: reports its output and which package it has come to. Throws the failure that explains its
 * end, with what shows the cause, where that is not success.
 */
export async function runEmerge(
  context: BuildContext,
  container: BuildContainer,
  job: Job,
  explain: (command: FailedCommand) => EmergeFailure,
): Promise<JobResult> {
  const { report } = context;
  const underWay = new Set<string>();
  const result = await runJob(context, container, job, async (text) => {
    if (isJobStatus(text)) return;
    await report({ type: 'line', step: job.step, text });
    const line = parseEmergeLine(text);
    if (line?.action === 'emerging' || line?.action === 'completed') {
      const { action, cpv, index, total, binary } = line;
      if (action === 'emerging') underWay.add(cpv);
      else underWay.delete(cpv);
      await report({ type: 'package', action, cpv, index, total, ...(binary ? { binary } : {}) });
    }
  }).catch(async (error: unknown) => {
    throw await endedJobFailure(context, container, { error, underWay });
  });
  if (result.exitStatus !== 0) throw await emergeFailure(context, container, result, explain);
  return result;
}

/** Explains the end of emerge by what it printed and, where a package failed, by the end of that package's own log. */
async function emergeFailure(
  { engine }: BuildContext,
  container: BuildContainer,
  result: FailedCommand,
  explain: (command: FailedCommand) => EmergeFailure,
): Promise<Failure> {
  const explained = explain(result);
  const { buildLog, relevantLines } = explained;
  const said = relevantLines.length > 0 ? relevantLines : result.lines;
  if (buildLog === undefined) return jobFailure(container, explained, { lines: said });
  const tail = await runCommand(engine, container.id, { command: ['tail', '-n', '200', '--', buildLog] });
  const lines = tail.stdout.split('\n').filter((line) => line !== '');
  if (lines.length === 0) return jobFailure(container, explained, { lines: said });
  const withLog = explain({ ...result, lines: [...lines, ...result.lines] });
  return jobFailure(container, withLog, { lines, file: buildLog });
}
