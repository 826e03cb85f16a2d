import { fingerprintBuildmaster, fingerprintTuple, type Fingerprint } from '../../plan/fingerprint.ts';
import { failuresOf, type Failure } from '../../failure.ts';
import type { Output, Tuple } from '../../site/site.ts';
import { explainRefusal } from '../in-workspace.ts';
import { createStepTimer } from '../step-timer.ts';
import { checkOutputDirectory } from './archive-files.ts';
import { buildTuple, type BuiltTuple } from './build-tuple.ts';
import { judgeOutputs, type OutputState } from './judge-outputs.ts';
import { buildmasterName, findBuildmaster, makeBuildmaster, type Buildmaster } from './make-buildmaster.ts';
import { checkTrees, makeSiteVolumes } from './open-site-run.ts';
import { checkSetNames } from './check-set-names.ts';
import { stageOf, type SiteRun } from './site-run.ts';
import { surroundingsOf } from './surroundings.ts';
import { ofTuple } from './tuple-failure.ts';

/** What came of one tuple. */
export type TupleOutcome =
  | ({ readonly type: 'unchanged'; readonly tuple: Tuple } & Pick<BuiltTuple, 'image' | 'archive'>)
  | ({ readonly type: 'built'; readonly tuple: Tuple } & BuiltTuple)
  | { readonly type: 'failed'; readonly tuple: Tuple; readonly failures: readonly Failure[] };

/** Builds tuples, one after the other, but for those that are up to date; one that fails does not stop the others. */
export async function buildSite(run: SiteRun, tuples: readonly Tuple[]): Promise<readonly TupleOutcome[]> {
  await checkTrees(run);
  await checkSetNames(run, tuples);
  const wanted: Wanted[] = [];
  for (const tuple of tuples) wanted.push(await explainRefusal(findWanted(run, tuple)));
  const isArchived = ({ tuple, outputs }: Wanted) => tuple.outputs.includes('archive') && !isCurrent(outputs);
  if (wanted.some(isArchived)) await checkOutputDirectory(run.outputDirectory);
  await makeSiteVolumes(run);
  const buildmasters = new Map<string, Promise<Buildmaster>>();
  const outcomes: TupleOutcome[] = [];
  for (const { tuple, fingerprint, outputs } of wanted) {
    try {
      if (isCurrent(outputs)) outcomes.push({ type: 'unchanged', tuple, ...namesOf(outputs) });
      else outcomes.push(await explainRefusal(buildOne(run, tuple, fingerprint, buildmasters)));
    } catch (error) {
      const failures = failuresOf(error);
      if (failures.length === 0 || run.signal.aborted) throw error;
      outcomes.push({ type: 'failed', tuple, failures: failures.map((failure) => ofTuple(tuple, failure)) });
    }
  }
  return outcomes;
}

/** A tuple, and what there is of it already. */
interface Wanted {
  readonly tuple: Tuple;
  readonly fingerprint: Fingerprint;
  readonly outputs: readonly OutputState[];
}

async function findWanted(run: SiteRun, tuple: Tuple): Promise<Wanted> {
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

async function buildOne(
  run: SiteRun,
  tuple: Tuple,
  fingerprint: Fingerprint,
  buildmasters: Map<string, Promise<Buildmaster>>,
): Promise<TupleOutcome> {
  const built = await buildTuple(run, tuple, await buildmasterFor(run, tuple, buildmasters), fingerprint);
  return { type: 'built', tuple, ...built };
}

/** The buildmaster of a tuple, made once for all that share it; a failure to make it is the failure of all these. */
async function buildmasterFor(
  run: SiteRun,
  tuple: Tuple,
  buildmasters: Map<string, Promise<Buildmaster>>,
): Promise<Buildmaster> {
  const fingerprint = fingerprintBuildmaster(tuple, surroundingsOf(run, tuple));
  const name = buildmasterName(run, tuple, fingerprint);
  const known = buildmasters.get(name);
  if (known !== undefined) return known;
  const step = createStepTimer(run.report, name);
  const buildmaster = findBuildmaster(run, tuple, fingerprint).then(
    (found) =>
      found ?? step('buildmaster', `from ${stageOf(run, tuple).name}`, makeBuildmaster, run, tuple, fingerprint),
  );
  buildmasters.set(name, buildmaster);
  return buildmaster;
}
