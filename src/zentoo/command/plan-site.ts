import { failuresOf, Failure } from '../../failure.ts';
import { explainTupleRefusal } from '../../plan/explain-tuple-refusal.ts';
import type { WantedTuple } from '../../plan/expand-site.ts';
import { predictGraph } from '../../plan/predict-graph.ts';
import type { ResolvedPackages } from '../../plan/package-pool.ts';
import { planPackages } from '../../plan/plan-packages.ts';
import type { BuildmasterPlan, OutputPlan, SitePlan, TuplePlan } from '../../plan/plan.ts';
import { siteWarnings, treeWarnings } from '../../plan/warnings.ts';
import { parsePretendOutput } from '../../portage/output/pretend-output.ts';
import type { FailureNote } from '../../record/failed-packages.ts';
import type { Tuple } from '../../site/site.ts';
import { createStepTimer } from '../../job/step-timer.ts';
import { pretendTuple, type PortageAnswer } from '../compile/pretend-tuple.ts';
import { checkSetNames } from '../sets/check-set-names.ts';
import { checkFreshness } from '../output/check-freshness.ts';
import type { OutputState } from '../output/output-kind.ts';
import { checkRetry, readFailureNotes } from './failure-notes-file.ts';
import type { Retry } from './failure-notes.ts';
import { blockTuple, findBlocked } from './plan-hopeless.ts';
import { withPlanCache, type PlanCache, type PortageQuestion } from './plan-cache.ts';
import type { Buildmaster } from '../buildmaster/make-buildmaster.ts';
import { makeSiteVolumes, plannedTrees, requireTrees } from '../run/open-site-run.ts';
import { createBuildmasterPlanner } from '../buildmaster/plan-buildmaster.ts';
import type { SiteRun } from '../run/site-run.ts';
import { ofTuple } from '../run/tuple-failure.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** A tuple's plan before Portage is asked. */
interface Draft {
  readonly work: TupleWork;
  /** The plan without packages. */
  readonly plan: TuplePlan;
  readonly buildmaster: Buildmaster | undefined;
  readonly question: PortageQuestion;
}

/** A tuple's plan, and the packages that emerge would merge; undefined if Portage was not asked, or refused. */
interface Planned {
  readonly plan: TuplePlan;
  readonly resolved?: ResolvedPackages | undefined;
}

/**
 * Plans a build of the run's tuples, with the reason for each action. Nothing is compiled and no image is made. No container is started
 * for a tuple that is up to date, or whose answer is in the plan cache. Warnings are part of the plan, and are reported as
 * well. `path` is the path of the site as the user wrote it, `retry` names the packages that the build would try again. If Portage refuses a tuple, or if the tuple needs a hopeless package, its
 * plan has the failure.
 */
export async function planSite(run: SiteRun, path: string, retry: Retry = []): Promise<SitePlan> {
  requireTrees(run);
  await checkRetry(run, retry);
  const trees = plannedTrees(run);
  const warnings = [...siteWarnings(run.site, path), ...treeWarnings(trees)];
  for (const warning of warnings) await run.report({ type: 'warning', ...warning });
  await checkSetNames(run, run.tuples);
  const planBuildmaster = createBuildmasterPlanner(run);
  const drafts: Draft[] = [];
  for (const work of run.tuples) drafts.push(await draftTuple(run, work, planBuildmaster));
  const { planned, notes } = await fillIn(run, drafts);
  const graph = predictGraph(
    drafts.filter(({ plan }) => !plan.upToDate).map(wantedTuple),
    new Map(planned.flatMap(({ plan, resolved }) => (resolved ? [[plan.tuple.name, resolved] as const] : []))),
  );
  const blocked = findBlocked(graph, notes, retry);
  const plans = planned.map(({ plan }) => blockTuple(plan, graph, blocked));
  const needed = plans.filter(({ upToDate, buildmaster }) => !upToDate || buildmaster.action === 'reuse');
  const buildmasters = new Map(needed.map(({ buildmaster }) => [buildmaster.image, buildmaster]));
  return {
    ...{ site: run.site.name, trees, buildmasters: [...buildmasters.values()], tuples: plans, warnings },
    graph,
    blocked: [...blocked.hopeless.keys(), ...blocked.needing.keys()],
  };
}

function wantedTuple({ plan: { tuple, buildmaster }, question: { fingerprint } }: Draft): WantedTuple {
  return { tuple, fingerprint, buildmaster: { name: buildmaster.image, isThere: buildmaster.action === 'reuse' } };
}

async function draftTuple(
  run: SiteRun,
  work: TupleWork,
  planBuildmaster: ReturnType<typeof createBuildmasterPlanner>,
): Promise<Draft> {
  const { tuple, fingerprint } = work;
  const { outputs, image } = await checkFreshness(run, work);
  const [stale] = outputs.filter(({ why }) => why.length > 0);
  const upToDate = stale === undefined;
  const { plan, found } = await planBuildmaster(work, image);
  const stage = work.stage.image;
  if (stage === undefined) throw new Error(`the run has no image of the stage ${tuple.stage.name}`);
  return {
    work,
    plan: {
      ...{ tuple, upToDate, why: stale?.why ?? [], buildmaster: plan, partition: found?.partition },
      ...{ packages: [], notes: [], failure: undefined, outputs: outputs.map(planOutput) },
      unforeseen: upToDate ? [] : unforeseenOf(tuple, plan),
    },
    buildmaster: found,
    question: { tuple, fingerprint, image: found?.image ?? stage },
  };
}

function planOutput({ output, name, why }: OutputState): OutputPlan {
  return { output, name, action: why.length === 0 ? 'keep' : 'make', why: why.join('; ') };
}

/** The actions of a build that a plan leaves out, although they come before the compilation of a set. */
function unforeseenOf({ buildhooks, stage }: Tuple, { action }: BuildmasterPlan): readonly string[] {
  const hooks = action === 'make' ? ['buildmaster', 'compile'] : ['compile'];
  const present = hooks.filter((hook) => buildhooks.entries.some(({ path }) => path === hook));
  const optimized = { none: '', toolchain: 'the tool chain', system: '@system' }[stage.optimize];
  return [
    ...present.map(
      (hook) => `a plan does not run the hook ${hook}, and the hook may change which packages are compiled`,
    ),
    ...(action === 'make' && optimized !== ''
      ? [
          `zentoo compiles ${optimized} before the packages of this list; those that belong to it are then in the store already`,
        ]
      : []),
  ];
}

/** The plans of the tuples with their packages, and the notes of failed packages. */
interface FilledPlans {
  readonly planned: readonly Planned[];
  readonly notes: readonly FailureNote[];
}

async function fillIn(run: SiteRun, drafts: readonly Draft[]): Promise<FilledPlans> {
  const [first] = drafts.filter(({ plan }) => !plan.upToDate);
  if (first === undefined) return { planned: drafts.map(({ plan }) => ({ plan })), notes: [] };
  await makeSiteVolumes(run);
  return withPlanCache(run, first.question.image, async (answers, probe) => {
    const planned: Planned[] = [];
    for (const draft of drafts)
      planned.push(draft.plan.upToDate ? { plan: draft.plan } : await fillInOne(run, draft, answers));
    return { planned, notes: await readFailureNotes(run, probe) };
  });
}

async function fillInOne(run: SiteRun, draft: Draft, answers: PlanCache): Promise<Planned> {
  const { plan, question } = draft;
  try {
    const answer = (await answers.find(question)) ?? (await askAnew(run, draft, answers));
    const { partition, lines, installed, resolved } = answer;
    if (resolved === null) return { plan: { ...plan, partition, failure: refusalOf(plan.tuple, answer) } };
    const pretended = parsePretendOutput(lines);
    const stored = (await answers.readIndex(partition)).match(/(?<=^CPV: )\S+$/gm) ?? [];
    const packages = planPackages(pretended, { stored, installed });
    return { plan: { ...plan, partition, packages, notes: pretended.messages }, resolved };
  } catch (error) {
    const [failure] = failuresOf(error);
    if (failure === undefined || run.signal.aborted) throw error;
    return { plan: { ...plan, failure: ofTuple(plan.tuple, failure) } };
  }
}

async function askAnew(
  run: SiteRun,
  { work, buildmaster, question }: Draft,
  answers: PlanCache,
): Promise<PortageAnswer> {
  const { tuple, stage } = work;
  const base = buildmaster?.name ?? stage.name;
  let index = '';
  const readIndex = async (partition: PortageAnswer['partition']): Promise<void> => {
    index = await answers.readIndex(partition);
  };
  const step = createStepTimer(run.report, tuple.name);
  const answer = await step('plan', `in a container of ${base}`, () => pretendTuple(run, work, buildmaster, readIndex));
  // Other failures of emerge do not depend on the question alone, and may be gone the next time.
  if (answer.exitStatus === 0 || refusalOf(tuple, answer).code === 'plan-refused')
    await answers.keep(question, answer, index);
  return answer;
}

/**
 * Creates the failure of a plan. If emerge refuses the tuple, the code is `plan-refused`; other failures of emerge keep their
 * codes.
 */
function refusalOf(tuple: Tuple, { exitStatus, lines }: PortageAnswer): Failure {
  const refusal = explainTupleRefusal(tuple, { exitStatus, lines });
  if (refusal.code !== 'package-unknown' && refusal.code !== 'package-unsatisfiable') return refusal;
  const { message, hint, logTail } = refusal;
  return new Failure('plan-refused', message, { hint, logTail });
}
