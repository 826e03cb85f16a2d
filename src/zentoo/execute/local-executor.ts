import { explainRefusal } from '../../container/refusal-failure.ts';
import { failuresOf } from '../../failure.ts';
import { createStepTimer, type StepTimer } from '../../job/step-timer.ts';
import type { Estimate } from '../../plan/expand-site.ts';
import { taskLabel } from '../../plan/task-label.ts';
import type { WorkAnswer } from '../../plan/work-answer.ts';
import type { OrderOf, WorkOrder } from '../../plan/work-order.ts';
import type { ElogEntry } from '../../portage/output/elog.ts';
import { withTask } from '../../report/with-task.ts';
import type { Concurrency, Executor } from '../../schedule/executor.ts';
import { assembleTuple } from '../assemble/assemble-tuple.ts';
import { makeBuildmaster } from '../buildmaster/make-buildmaster.ts';
import { compilePackages, type Compilation } from '../compile/compile-packages.ts';
import { resolveTuples } from '../compile/resolve-tuples.ts';
import { PackageRefused } from '../root/take-in-staged.ts';
import { shareMachine, type Machine, type Share } from '../run/machine-share.ts';
import { tupleNamed, type SiteRun } from '../run/site-run.ts';
import { rebuildTuple, repairStore, type AssemblyAnswer } from './rebuild-damaged.ts';
import { buildmasterNamed, requireBuildmaster, requireFingerprint } from './look-up.ts';

/** Carries out the orders of a site's build in containers of the run's engine. */
export function createLocalExecutor(
  run: SiteRun,
  machine: Machine,
  estimate: Estimate,
): Executor<WorkOrder, WorkAnswer> {
  return {
    execute: (order, given) => {
      const { limits } = run.site;
      const share = shareMachine(machine, given.concurrency, { ...limits, memory: limits.memory ?? given.memory });
      return explainRefusal(carryOut(order, { run: runFor(run, given), share, seconds: estimate(order) }));
    },
  };
}

/**
 * The run for one order. Its containers have a limit of memory if the machine has other work, too. On another engine, it ends early if the
 * engine is lost before the new packages have come.
 */
function runFor(run: SiteRun, { memory, signal = run.signal, arrived = () => undefined }: Concurrency): SiteRun {
  const limited = memory === undefined ? run : { ...run, besideOthers: { memory } };
  if (run.elsewhere === undefined) return limited;
  const elsewhere = { ...run.elsewhere, arrived };
  return { ...limited, signal: AbortSignal.any([run.signal, signal]), elsewhere };
}

/** The run and the share of the machine for one order. */
interface Workplace {
  readonly run: SiteRun;
  readonly share: Share;
  /** The seconds that the order is expected to take. */
  readonly seconds: number | undefined;
  /** The task whose damaged package the order helps to replace; undefined if the order is a task itself. */
  readonly task?: string;
}

function carryOut(order: WorkOrder, place: Workplace): Promise<WorkAnswer> {
  switch (order.kind) {
    case 'buildmaster':
      return buildmaster(order, place);
    case 'resolve':
      return resolve(order, place);
    case 'packages':
      return packages(order, place);
    case 'assemble':
      return assemble(order, place);
  }
}

async function buildmaster(order: OrderOf<'buildmaster'>, place: Workplace): Promise<WorkAnswer> {
  const work = tupleNamed(place.run, order.tuple);
  requireBuildmaster(work, order.buildmaster);
  const { run, step } = nameTask(place, order);
  const make = () => makeBuildmaster(run, work, place.share);
  const { elog } = await step('buildmaster', `from ${work.stage.name}`, make);
  return { kind: 'buildmaster', elog };
}

async function resolve(order: OrderOf<'resolve'>, place: Workplace): Promise<WorkAnswer> {
  const works = order.tuples.map((each) => tupleNamed(place.run, each));
  const [first] = works;
  if (first === undefined) throw new Error('the resolve order names no tuple');
  const known = await buildmasterNamed(place.run, first, order.buildmaster);
  const others = works.length > 1 ? `, and for ${works.length - 1} more` : '';
  const { run, step } = nameTask(place, order);
  const answered = await step('resolve', `in ${known.name}${others}`, () => resolveTuples(run, works, known));
  return { kind: 'resolve', ...answered };
}

async function packages(order: OrderOf<'packages'>, place: Workplace): Promise<WorkAnswer> {
  const work = tupleNamed(place.run, order.tuple);
  const [, ...others] = order.packages.map(({ cpv }) => cpv);
  const { run, step } = nameTask(place, order);
  const known = await buildmasterNamed(run.elsewhere?.home ?? run, work, order.buildmaster);
  const detail = [`for ${work.tuple.name}`, ...(others.length > 0 ? [`with ${others.join(', ')}`] : [])].join(', ');
  const compilation = { ...order, work, buildmaster: known, share: place.share };
  return { kind: 'packages', elog: await step('compile', detail, () => compileOrRetry(run, compilation)) };
}

/**
 * Compiles packages. If they prove too large for the tmpfs, compiles them again on a volume, so that nobody has to know their
 * sizes beforehand. If a package of the store that they need is damaged, repairs the store; emerge then compiles that package.
 */
async function compileOrRetry(run: SiteRun, compilation: Compilation): Promise<readonly ElogEntry[]> {
  try {
    return await compilePackages(run, compilation);
  } catch (error) {
    if (run.signal.aborted) throw error;
    const failures = failuresOf(error);
    const corrupt = failures.find(({ code }) => code === 'store-corrupt');
    if (corrupt !== undefined) {
      if (!(await repairStore(run.elsewhere?.home ?? run, compilation.work, compilation.buildmaster))) throw error;
      await run.report({ type: 'warning', message: `${corrupt.message}; compiling it instead` });
      return compilePackages(run, compilation);
    }
    if (error instanceof PackageRefused && error.again) {
      await run.report({ type: 'warning', message: `${error.message}; compiling it once more` });
      return compilePackages(run, compilation);
    }
    const failure = failures.find(({ code }) => code === 'tmpfs-full');
    if (failure === undefined) throw error;
    await run.report({
      type: 'warning',
      message: `${failure.message}; building it on a volume instead`,
      hint: failure.hint,
    });
    return compilePackages({ ...run, tmpfs: undefined }, compilation);
  }
}

async function assemble(order: OrderOf<'assemble'>, place: Workplace): Promise<AssemblyAnswer> {
  const work = tupleNamed(place.run, order.tuple);
  requireFingerprint(work, order);
  const { run } = nameTask(place, order);
  const known = await buildmasterNamed(run, work, order.buildmaster);
  const tuple = { ...work.tuple, outputs: order.outputs };
  try {
    return { kind: 'assemble', ...(await assembleTuple(run, { ...work, tuple }, known)) };
  } catch (error) {
    const [failure] = failuresOf(error);
    if (failure?.code !== 'store-corrupt' || run.signal.aborted || place.task !== undefined) throw error;
    // An assembly has the store read-only, so it cannot replace a damaged package itself.
    if (!(await repairStore(run, work, known))) throw error;
    const inside = { ...place, seconds: undefined, task: taskLabel(order, run.site) };
    const answer = await rebuildTuple(work, order, (next) => carryOut(next, inside), run.signal);
    if (answer === undefined) throw error;
    await run.report({ type: 'warning', message: `${failure.message}; the package was compiled again` });
    return answer;
  }
}

/** Returns a run whose events have the label of the order's task, and a timer for the steps of that task. */
function nameTask(
  { run, seconds, task: outer }: Workplace,
  order: WorkOrder,
): { readonly run: SiteRun; readonly step: StepTimer } {
  const task = outer ?? taskLabel(order, run.site, run.elsewhere?.engine);
  return {
    run: { ...run, report: withTask(run.report, task) },
    step: createStepTimer(run.report, task, seconds),
  };
}
