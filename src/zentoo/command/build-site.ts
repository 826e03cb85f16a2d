import { failuresOf } from '../../failure.ts';
import { growGraph, type WantedTuple } from '../../plan/expand-site.ts';
import type { AssembledTuple } from '../../plan/work-answer.ts';
import type { WorkOrder } from '../../plan/work-order.ts';
import { runSchedule } from '../../schedule/schedule.ts';
import { checkFreshness } from '../output/check-freshness.ts';
import type { OutputState } from '../output/output-kind.ts';
import { kindsOf } from '../output/output-kinds.ts';
import { collectOutcomes, type TupleOutcome } from './collect-outcomes.ts';
import { withBuildRecords } from './build-records.ts';
import { describeTargets } from './describe-targets.ts';
import type { BuildRecord, TargetRecord } from '../../record/build-record.ts';
import { BuildRecorder } from '../../record/build-recorder.ts';
import type { History } from '../../schedule/history.ts';
import type { EngineChoice } from '../engines/engine-choice.ts';
import type { SwarmChoice } from '../swarm/open-swarm.ts';
import { openWorkers } from './open-workers.ts';
import { findBuildmaster } from '../buildmaster/make-buildmaster.ts';
import { checkSiteTrees, makeSiteVolumes, refreshSiteRun } from '../run/open-site-run.ts';
import { relistImages } from '../run/site-images.ts';
import { removeLostLease, withSiteLease, type SiteLease } from '../run/site-lease.ts';
import { checkCommits } from './check-commits.ts';
import { checkSetNames } from '../sets/check-set-names.ts';
import type { SiteRun } from '../run/site-run.ts';
import { stateOf } from '../run/site-state.ts';
import type { TupleWork } from '../run/tuple-work.ts';
import { checkRetry } from './failure-notes-file.ts';
import { FailureNotes, type Retry } from './failure-notes.ts';
import { timedNode } from './record-tasks.ts';

/** The settings of a site's build. */
export interface BuildSettings {
  /** The number of containers at the same time; chosen by the machine if undefined. */
  readonly jobs: number | undefined;
  /** The packages that are tried again although they failed twice with the same inputs. */
  readonly retry: Retry;
  /** Whether images are moved also from commits that do not contain the commits of the last build. */
  readonly force: boolean;
  /** Further engines that compile packages. */
  readonly engines: readonly EngineChoice[];
  /** Connects to the swarm whose nodes compile packages; undefined if none does. */
  readonly swarm?: SwarmChoice | undefined;
  readonly program: BuildRecord['program'];
}

/** The result of a site's build. */
export interface SiteBuild {
  readonly outcomes: readonly TupleOutcome[];
  readonly record: BuildRecord;
  /** The location of the record, for a person on the engine's host; undefined if there was nothing to build. */
  readonly recordFile: string | undefined;
}

/**
 * Builds the tuples of the run that are not up to date, in at most `jobs` containers at the same time. A package that several tuples need
 * is compiled once. If an order fails, zentoo still builds everything that does not need it. A package that failed twice with the same
 * inputs is not tried again. If another build of the site is under way, waits for it and builds what is left.
 */
export async function buildSite(opened: SiteRun, settings: BuildSettings): Promise<SiteBuild> {
  await checkSiteTrees(opened);
  await checkRetry(opened, settings.retry);
  const first = await prepareTuples(opened);
  if (first.every(({ outputs }) => isCurrent(outputs))) {
    await removeLostLease(opened);
    return describeUnchanged(opened, first, settings);
  }
  return withSiteLease(opened, async (lease) => {
    const run = await (lease.hasWaited ? refreshSiteRun : relistImages)(opened, lease.probe);
    const checked = await (lease.hasWaited ? prepareTuples(run) : checkTuples(run));
    if (checked.every(({ outputs }) => isCurrent(outputs))) return describeUnchanged(run, checked, settings);
    return buildTuples(run, checked, { ...settings, lease });
  });
}

/** Checks which tuples are up to date, and whether the others can be built. */
async function prepareTuples(run: SiteRun): Promise<readonly CheckedTuple[]> {
  const checked = await checkTuples(run);
  const stale = checked.filter(({ outputs }) => !isCurrent(outputs));
  // The set names of a tuple that is up to date were checked when it was built, and its trees are the same.
  await checkSetNames(
    run,
    stale.map(({ work }) => work),
  );
  for (const kind of kindsOf(stale.flatMap(({ work }) => work.tuple.outputs))) await kind.prepare(run);
  return checked;
}

/** The result of a build that has nothing to do. It keeps no record. */
async function describeUnchanged(
  run: SiteRun,
  checked: readonly CheckedTuple[],
  { program }: BuildSettings,
): Promise<SiteBuild> {
  const outcomes = checked.map(unchangedOutcome);
  const targets = await describeTargets(run, outcomes);
  const record = new BuildRecorder().read({ program, site: run.site.name }, targets);
  return { outcomes, record, recordFile: undefined };
}

async function buildTuples(
  run: SiteRun,
  checked: readonly CheckedTuple[],
  { jobs, retry, force, engines, swarm, program, lease }: BuildSettings & { readonly lease: SiteLease },
): Promise<SiteBuild> {
  const stale = checked.filter(({ outputs }) => !isCurrent(outputs));
  if (!force)
    await checkCommits(
      run,
      stale.map(({ work }) => work.tuple),
    );
  await makeSiteVolumes(run);
  const recorder = new BuildRecorder();
  const notes = new FailureNotes(retry);
  const recorded = { ...run, report: recorder.watch(run.report) };
  let targets: readonly TargetRecord[] = [];
  const read = () => recorder.read({ program, site: run.site.name }, targets);
  const build = async (history: History): Promise<readonly TupleOutcome[]> => {
    const built = await buildStale(recorded, stale, { jobs, engines, swarm, recorder, history, notes, lease });
    const outcomes = checked.map((one) => built.find(({ tuple }) => tuple === one.work.tuple) ?? unchangedOutcome(one));
    targets = await describeTargets(run, outcomes);
    return outcomes;
  };
  const { result, recordFile } = await withBuildRecords(stateOf(recorded), build, { read, notes });
  return { outcomes: result, record: read(), recordFile };
}

function unchangedOutcome({ work: { tuple }, outputs }: CheckedTuple): TupleOutcome {
  return { type: 'unchanged', tuple, outputs: namesOf(outputs) };
}

/** A tuple and the state of its outputs. */
interface CheckedTuple {
  readonly work: TupleWork;
  readonly outputs: readonly OutputState[];
}

function checkTuples(run: SiteRun): Promise<readonly CheckedTuple[]> {
  return Promise.all(run.tuples.map(async (work) => ({ work, outputs: (await checkFreshness(run, work)).outputs })));
}

function isCurrent(outputs: readonly OutputState[]): boolean {
  return outputs.every(({ why }) => why.length === 0);
}

function namesOf(outputs: readonly OutputState[]): AssembledTuple['outputs'] {
  return Object.fromEntries(outputs.map(({ output, name }) => [output, name]));
}

interface StaleSettings extends Pick<BuildSettings, 'jobs' | 'engines' | 'swarm'> {
  readonly recorder: BuildRecorder;
  readonly history: History;
  readonly notes: FailureNotes;
  readonly lease: Pick<SiteLease, 'showProgress'>;
}

async function buildStale(
  run: SiteRun,
  stale: readonly CheckedTuple[],
  settings: StaleSettings,
): Promise<readonly TupleOutcome[]> {
  const { history, lease } = settings;
  const wanted: WantedTuple[] = [];
  for (const { work } of stale) wanted.push(await wantedTuple(run, work));
  const estimate = (order: WorkOrder) => history.estimate(timedNode(order, run.site));
  const { nodes, expand } = growGraph(wanted, estimate);
  await using workers = await openWorkers(run, { ...settings, estimate });
  const { executor, queues } = workers;
  const result = await runSchedule(nodes, {
    get jobs() {
      return workers.jobs();
    },
    ...{ executor, queues, expand },
    signal: run.signal,
    onChange: (state) => {
      lease.showProgress(state);
      return run.report({ type: 'schedule', ...state });
    },
  });
  for (const outcome of result.outcomes.values())
    if (outcome.type === 'failed' && failuresOf(outcome.error).length === 0) throw outcome.error;
  return collectOutcomes(wanted, result);
}

async function wantedTuple(run: SiteRun, work: TupleWork): Promise<WantedTuple> {
  const { tuple, fingerprint, buildmaster } = work;
  const isThere = (await findBuildmaster(run, work)) !== undefined;
  return { tuple, fingerprint, buildmaster: { name: buildmaster.name, isThere } };
}
