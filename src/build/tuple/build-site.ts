import { fingerprintBuildmaster, fingerprintTuple } from '../../plan/fingerprint.ts';
import { failuresOf } from '../../failure.ts';
import { beginSite, type SiteWork, type WantedTuple } from '../../plan/site-work.ts';
import { runSchedule } from '../../schedule/schedule.ts';
import type { Output, Tuple } from '../../site/site.ts';
import { explainRefusal } from '../in-workspace.ts';
import { checkOutputDirectory } from './archive-files.ts';
import { chooseTmpfs } from './choose-tmpfs.ts';
import { judgeOutputs, type OutputState } from './judge-outputs.ts';
import { judgeOutcomes, type BuiltTuple, type TupleOutcome } from './judge-outcomes.ts';
import { withHistory } from './kept-history.ts';
import { createLocalExecutor } from './local-executor.ts';
import { defaultJobs } from './machine-share.ts';
import { buildmasterName, findBuildmaster } from './make-buildmaster.ts';
import { checkTrees, makeSiteVolumes } from './open-site-run.ts';
import { checkSetNames } from './check-set-names.ts';
import type { SiteRun } from './site-run.ts';
import { surroundingsOf } from './surroundings.ts';
import { noteDurations, timedNode } from './timed-work.ts';

/**
 * Builds tuples that are not up to date, `jobs` containers at once: what is to be compiled for all of them is compiled once.
 * What fails does not stop what does not need it.
 */
export async function buildSite(
  run: SiteRun,
  tuples: readonly Tuple[],
  { jobs }: { readonly jobs: number | undefined },
): Promise<readonly TupleOutcome[]> {
  await checkTrees(run);
  const judged = await explainRefusal(Promise.all(tuples.map((tuple) => judge(run, tuple))));
  const stale = judged.filter(({ outputs }) => !isCurrent(outputs));
  // What is up to date was checked when it was made, of the same trees.
  await checkSetNames(
    run,
    stale.map(({ tuple }) => tuple),
  );
  if (stale.some(({ tuple }) => tuple.outputs.includes('archive'))) await checkOutputDirectory(run.outputDirectory);
  if (stale.length > 0) await makeSiteVolumes(run);
  const built = stale.length === 0 ? [] : await buildStale(run, stale, jobs);
  return judged.map(
    ({ tuple, outputs }) =>
      built.find((outcome) => outcome.tuple === tuple) ?? { type: 'unchanged', tuple, ...namesOf(outputs) },
  );
}

/** A tuple, and what there is of it already. */
interface JudgedTuple extends Omit<WantedTuple, 'buildmaster'> {
  readonly outputs: readonly OutputState[];
}

async function judge(run: SiteRun, tuple: Tuple): Promise<JudgedTuple> {
  const fingerprint = fingerprintTuple(run.site, tuple, surroundingsOf(run, tuple));
  const { outputs } = await judgeOutputs(run, tuple, fingerprint);
  return { tuple, fingerprint, outputs };
}

function isCurrent(outputs: readonly OutputState[]): boolean {
  return outputs.every(({ why }) => why.length === 0);
}

function namesOf(outputs: readonly OutputState[]): Pick<BuiltTuple, 'image' | 'archive'> {
  const nameOf = (output: Output) => outputs.find((one) => one.output === output)?.name;
  return { image: nameOf('image'), archive: nameOf('archive') };
}

async function buildStale(
  run: SiteRun,
  stale: readonly JudgedTuple[],
  jobs: number | undefined,
): Promise<readonly TupleOutcome[]> {
  const machine = await run.engine.info();
  const wanted: WantedTuple[] = [];
  for (const { tuple, fingerprint } of stale) wanted.push({ tuple, fingerprint, ...(await findMaker(run, tuple)) });
  const atOnce = jobs ?? defaultJobs(machine, run.site.limits);
  const onTmpfs = await chooseTmpfs(run, atOnce);
  return withHistory(run, async (history) => {
    const estimate = (work: SiteWork) => history.estimate(timedNode(work));
    const begin = beginSite(wanted, estimate);
    const outcomes = await runSchedule(begin, {
      jobs: atOnce,
      executor: noteDurations(createLocalExecutor(onTmpfs, machine, estimate), history),
      signal: run.signal,
      onChange: (state) => run.report({ type: 'schedule', ...state }),
    });
    for (const outcome of outcomes.values())
      if (outcome.type === 'failed' && failuresOf(outcome.error).length === 0) throw outcome.error;
    return judgeOutcomes(wanted, begin, outcomes);
  });
}

async function findMaker(run: SiteRun, tuple: Tuple): Promise<Pick<WantedTuple, 'buildmaster'>> {
  const fingerprint = fingerprintBuildmaster(tuple, surroundingsOf(run, tuple));
  const found = await findBuildmaster(run, tuple, fingerprint);
  return { buildmaster: { name: buildmasterName(run, tuple, fingerprint), isThere: found !== undefined } };
}
