import { fingerprintBuildmaster, fingerprintTuple, type Surroundings } from '../../plan/fingerprint.ts';
import { Failure, failuresOf } from '../../failure.ts';
import type { Tuple } from '../../site/site.ts';
import { explainRefusal } from '../in-workspace.ts';
import { createStepTimer } from '../step-timer.ts';
import { buildTuple, type BuiltTuple } from './build-tuple.ts';
import { findOutputs, isComplete, type TupleOutputs } from './tuple-outputs.ts';
import { buildmasterName, findBuildmaster, makeBuildmaster, type Buildmaster } from './make-buildmaster.ts';
import { checkTrees, makeSiteVolumes } from './open-site-run.ts';
import { stageOf, type SiteRun } from './site-run.ts';

/** Counted up whenever something else is made from the same inputs. */
const pipeline = '1';

/** What came of one tuple. */
export type TupleOutcome =
  | ({ readonly type: 'unchanged'; readonly tuple: Tuple } & TupleOutputs)
  | ({ readonly type: 'built'; readonly tuple: Tuple } & BuiltTuple)
  | { readonly type: 'failed'; readonly tuple: Tuple; readonly failures: readonly Failure[] };

/** Builds tuples, one after the other, but for those that are up to date; one that fails does not stop the others. */
export async function buildSite(run: SiteRun, tuples: readonly Tuple[]): Promise<readonly TupleOutcome[]> {
  await checkTrees(run);
  await makeSiteVolumes(run);
  const buildmasters = new Map<string, Promise<Buildmaster>>();
  const outcomes: TupleOutcome[] = [];
  for (const tuple of tuples) {
    try {
      outcomes.push(await explainRefusal(buildOne(run, tuple, buildmasters)));
    } catch (error) {
      const failures = failuresOf(error);
      if (failures.length === 0 || run.signal.aborted) throw error;
      outcomes.push({ type: 'failed', tuple, failures: failures.map((failure) => ofTuple(tuple, failure)) });
    }
  }
  return outcomes;
}

async function buildOne(
  run: SiteRun,
  tuple: Tuple,
  buildmasters: Map<string, Promise<Buildmaster>>,
): Promise<TupleOutcome> {
  const surroundings = surroundingsOf(run, tuple);
  const fingerprint = fingerprintTuple(run.site, tuple, surroundings);
  const current = await findOutputs(run, tuple, fingerprint);
  if (isComplete(tuple, current)) return { type: 'unchanged', tuple, ...current };
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

function surroundingsOf(run: SiteRun, tuple: Tuple): Surroundings {
  const names = tuple.portage.repositories.map(({ name }) => name);
  return {
    stageId: stageOf(run, tuple).image?.id ?? '',
    trees: Object.fromEntries(names.map((name) => [name, run.revisions.get(name) ?? ''])),
    pipeline,
  };
}

/** A failure that says which tuple it is of. */
function ofTuple({ name }: Tuple, { code, message, hint, place, logTail, cause }: Failure): Failure {
  return new Failure(code, `${name}: ${message}`, { hint, place, logTail, cause });
}
