import { emergeCommand, emergeEnvironment } from '../portage/emerge-command.ts';
import { parseEmergeLine } from '../portage/emerge-output.ts';
import { explainEmergeFailure } from '../portage/explain-failure.ts';
import type { Failure } from '../failure.ts';
import { workDirectory, type BuildContainer } from './build-container.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import type { BuildContext } from './context.ts';
import { endedJobFailure, jobFailure } from './job-failure.ts';
import { mergeCommand, underLock } from './job-scripts.ts';
import { defaultTarget } from './mounts.ts';
import { readPortageSettings, type PortageSettings } from './portage-settings.ts';
import { runCommand } from './run-command.ts';
import { runJob } from './run-job.ts';

/**
 * Emerges the packages under a shared lock of the tree and empties the temporary directory. Answers with what was
 * merged, `category/name-version` each, sorted.
 */
export async function emergePackages(
  request: BuildRequest,
  ready: Preconditions,
  context: BuildContext,
  container: BuildContainer,
  known: PortageSettings | undefined,
): Promise<readonly string[]> {
  const { report } = context;
  const settings = known ?? (await readPortageSettings(context, container));
  const command = emergeCommand({
    packages: request.packages,
    options: request.emergeOptions,
    jobs: request.jobs,
    binpkgs: request.binpkgs,
  });
  const environment = emergeEnvironment({
    pkgdir: request.binpkgs ? `${defaultTarget('binpkgs')}/${settings.partition}` : undefined,
    observability: settings.observable,
    distdir: defaultTarget('distfiles'),
    logdir: container.log.directory,
    use: request.use,
  });
  const job = {
    name: 'emerge',
    command: mergeCommand(workDirectory, underLock('shared', container.tree, command)),
    environment,
    watch: settings.observable,
    silenceTimeout: request.silenceTimeout,
  } as const;
  const underWay = new Set<string>();
  const result = await runJob(context, container, job, async (text) => {
    await report({ type: 'line', step: 'emerge', text });
    const line = parseEmergeLine(text);
    if (line?.action === 'emerging' || line?.action === 'completed') {
      const { action, cpv, index, total } = line;
      if (action === 'emerging') underWay.add(cpv);
      else underWay.delete(cpv);
      await report({ type: 'package', action, cpv, index, total });
    }
  }).catch(async (error: unknown) => {
    throw await endedJobFailure(context, container, ready, { error, underWay });
  });
  if (result.exitStatus !== 0) throw await emergeFailure(ready, context, container, result);
  if (result.result.length === 0) {
    await report({ type: 'warning', message: 'emerge merged nothing: the image has nothing that the base has not' });
  }
  return result.result.toSorted();
}

/** Explains the end of emerge by what it printed and, where a package failed, by the end of that package's own log. */
async function emergeFailure(
  ready: Preconditions,
  { engine }: BuildContext,
  container: BuildContainer,
  result: { exitStatus: number; lines: readonly string[] },
): Promise<Failure> {
  const explained = explainEmergeFailure(result);
  const { buildLog, relevantLines } = explained;
  const said = relevantLines.length > 0 ? relevantLines : result.lines;
  if (buildLog === undefined) return jobFailure(container, ready, explained, { lines: said });
  const tail = await runCommand(engine, container.id, { command: ['tail', '-n', '200', '--', buildLog] });
  const lines = tail.stdout.split('\n').filter((line) => line !== '');
  if (lines.length === 0) return jobFailure(container, ready, explained, { lines: said });
  const withLog = explainEmergeFailure({ ...result, lines: [...lines, ...result.lines] });
  return jobFailure(container, ready, withLog, { lines, file: buildLog });
}
