import { failuresOf, Failure } from '../../failure.ts';
import { explainRefusal } from '../../plan/explain-refusal.ts';
import { fingerprintTuple } from '../../plan/fingerprint.ts';
import { planPackages } from '../../plan/plan-packages.ts';
import type { BuildmasterPlan, OutputPlan, SitePlan, TuplePlan } from '../../plan/plan.ts';
import { siteWarnings, treeWarnings } from '../../plan/warnings.ts';
import { parsePretendOutput } from '../../portage/pretend-output.ts';
import type { Tuple } from '../../site/site.ts';
import { createStepTimer } from '../step-timer.ts';
import { askPortage, type PortageAnswer } from './ask-portage.ts';
import { checkSetNames } from './check-set-names.ts';
import { judgeOutputs, type OutputState } from './judge-outputs.ts';
import { withKeptAnswers, type KeptAnswers, type Question } from './kept-answers.ts';
import type { Buildmaster } from './make-buildmaster.ts';
import { makeSiteVolumes, plannedTrees, requireTrees } from './open-site-run.ts';
import { createBuildmasterPlanner } from './plan-buildmaster.ts';
import { stageOf, type SiteRun } from './site-run.ts';
import { surroundingsOf } from './surroundings.ts';
import { ofTuple } from './tuple-failure.ts';

/** What is known of a tuple before Portage is asked. */
interface Draft {
  /** Without packages. */
  readonly plan: TuplePlan;
  readonly buildmaster: Buildmaster | undefined;
  readonly question: Question;
}

/**
 * What would be done for tuples, and why. Nothing is compiled and no image is left; for a tuple that is up to date, or
 * whose answer is kept, no container is started. What is not as one might think is reported as well. `path` is how the
 * site was named. A tuple that Portage refuses has its failure in its plan.
 */
export async function planSite(run: SiteRun, tuples: readonly Tuple[], path: string): Promise<SitePlan> {
  requireTrees(run);
  const trees = plannedTrees(run);
  const warnings = [...siteWarnings(run.site, path), ...treeWarnings(trees)];
  for (const warning of warnings) await run.report({ type: 'warning', ...warning });
  await checkSetNames(run, tuples);
  const planBuildmaster = createBuildmasterPlanner(run);
  const drafts: Draft[] = [];
  for (const tuple of tuples) drafts.push(await draftTuple(run, tuple, planBuildmaster));
  const planned = await fillIn(run, drafts);
  const needed = planned.filter(({ upToDate, buildmaster }) => !upToDate || buildmaster.action === 'reuse');
  const buildmasters = new Map(needed.map(({ buildmaster }) => [buildmaster.image, buildmaster]));
  return { site: run.site.name, trees, buildmasters: [...buildmasters.values()], tuples: planned, warnings };
}

async function draftTuple(
  run: SiteRun,
  tuple: Tuple,
  planBuildmaster: ReturnType<typeof createBuildmasterPlanner>,
): Promise<Draft> {
  const fingerprint = fingerprintTuple(run.site, tuple, surroundingsOf(run, tuple));
  const { outputs, image } = await judgeOutputs(run, tuple, fingerprint);
  const [stale] = outputs.filter(({ why }) => why.length > 0);
  const upToDate = stale === undefined;
  const { plan, found } = await planBuildmaster(tuple, image);
  const stage = stageOf(run, tuple).image;
  if (stage === undefined) throw new Error(`no image of the stage ${tuple.stage.name}, which the run has to have`);
  return {
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

/** What happens before a set is compiled, and not in a plan. */
function unforeseenOf({ buildhooks, stage }: Tuple, { action }: BuildmasterPlan): readonly string[] {
  const hooks = action === 'make' ? ['buildmaster', 'compile'] : ['compile'];
  const present = hooks.filter((hook) => buildhooks.entries.some(({ path }) => path === hook));
  const optimized = { none: '', toolchain: 'the tool chain', system: '@system' }[stage.optimize];
  return [
    ...present.map((hook) => `the hook ${hook} is not run in a plan: what it changes may change what is compiled`),
    ...(action === 'make' && optimized !== ''
      ? [
          `${optimized} is compiled first, and is not in this list; what it has in common with this is then in the store`,
        ]
      : []),
  ];
}

async function fillIn(run: SiteRun, drafts: readonly Draft[]): Promise<readonly TuplePlan[]> {
  const [first] = drafts.filter(({ plan }) => !plan.upToDate);
  if (first === undefined) return drafts.map(({ plan }) => plan);
  await makeSiteVolumes(run);
  return withKeptAnswers(run, first.question.image, async (answers) => {
    const plans: TuplePlan[] = [];
    for (const draft of drafts) plans.push(draft.plan.upToDate ? draft.plan : await fillInOne(run, draft, answers));
    return plans;
  });
}

async function fillInOne(run: SiteRun, draft: Draft, answers: KeptAnswers): Promise<TuplePlan> {
  const { plan, question } = draft;
  try {
    const answer = (await answers.find(question)) ?? (await askAnew(run, draft, answers));
    const { partition, exitStatus, lines, installed } = answer;
    if (exitStatus !== 0) return { ...plan, partition, failure: refusalOf(plan.tuple, answer) };
    const pretended = parsePretendOutput(lines);
    const stored = (await answers.readIndex(partition)).match(/(?<=^CPV: )\S+$/gm) ?? [];
    const packages = planPackages(pretended, { stored, installed });
    return { ...plan, partition, packages, notes: pretended.messages };
  } catch (error) {
    const [failure] = failuresOf(error);
    if (failure === undefined || run.signal.aborted) throw error;
    return { ...plan, failure: ofTuple(plan.tuple, failure) };
  }
}

async function askAnew(
  run: SiteRun,
  { plan: { tuple }, buildmaster, question }: Draft,
  answers: KeptAnswers,
): Promise<PortageAnswer> {
  const base = buildmaster?.name ?? stageOf(run, tuple).name;
  let index = '';
  const readIndex = async (partition: PortageAnswer['partition']): Promise<void> => {
    index = await answers.readIndex(partition);
  };
  const step = createStepTimer(run.report, tuple.name);
  const answer = await step('plan', `in a container of ${base}`, askPortage, run, tuple, buildmaster, readIndex);
  // What else makes emerge end is not of what it was asked, and may be otherwise next time.
  if (answer.exitStatus === 0 || refusalOf(tuple, answer).code === 'plan-refused')
    await answers.keep(question, answer, index);
  return answer;
}

/** Emerge's own refusals are the plan's here; the failure of emerge itself stays what it is. */
function refusalOf(tuple: Tuple, { exitStatus, lines }: PortageAnswer): Failure {
  const refusal = explainRefusal(tuple, { exitStatus, lines }, { repository: 'config/portage' });
  if (refusal.code !== 'package-unknown' && refusal.code !== 'package-unsatisfiable') return refusal;
  const { message, hint, logTail } = refusal;
  return new Failure('plan-refused', message, { hint, logTail });
}
