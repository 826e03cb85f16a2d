import type { Estimate } from '../../plan/expand-site.ts';
import type { WorkAnswer } from '../../plan/work-answer.ts';
import type { WorkOrder } from '../../plan/work-order.ts';
import type { BuildRecorder } from '../../record/build-recorder.ts';
import type { Executor } from '../../schedule/executor.ts';
import type { History } from '../../schedule/history.ts';
import type { EngineChoice } from '../engines/engine-choice.ts';
import { suppliedPackage } from '../engines/engine-supply.ts';
import { openEngines } from '../engines/open-engines.ts';
import { spreadOrders, type Workplace } from '../engines/spread-orders.ts';
import { createLocalExecutor } from '../execute/local-executor.ts';
import { chooseTmpfs } from '../run/choose-tmpfs.ts';
import { defaultJobs } from '../run/machine-share.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { FailureNotes } from './failure-notes.ts';
import { recordTasks } from './record-tasks.ts';

/** The parts of a build that its executors need. */
export interface WorkerSettings {
  /** The number of containers at the same time on each engine; chosen by its machine if undefined. */
  readonly jobs: number | undefined;
  readonly engines: readonly EngineChoice[];
  readonly recorder: BuildRecorder;
  readonly history: History;
  readonly notes: FailureNotes;
  readonly estimate: Estimate;
}

/** What carries out the orders of a build, and the number of orders that it takes at the same time. */
export interface Workers extends AsyncDisposable {
  readonly jobs: number;
  readonly executor: Executor<WorkOrder, WorkAnswer>;
}

/** The site's own engine has its images and its store. */
const everything = { has: () => true };

/** Opens the engines of a build: the site's own, and further ones. */
export async function openWorkers(run: SiteRun, settings: WorkerSettings): Promise<Workers> {
  const { recorder, history, notes, estimate } = settings;
  const machine = await run.engine.info();
  const slots = settings.jobs ?? defaultJobs(machine, run.site.limits);
  const onTmpfs = await chooseTmpfs(run, slots);
  const record = (executor: Executor<WorkOrder, WorkAnswer>, engine?: string) =>
    recordTasks(executor, { recorder, history, notes, site: run.site, ...(engine === undefined ? {} : { engine }) });
  const own = record(createLocalExecutor(onTmpfs, machine, estimate));
  const further = await openEngines(run, settings.engines);
  if (further.length === 0) return { jobs: slots, executor: own, [Symbol.asyncDispose]: () => Promise.resolve() };
  const { architecture } = machine;
  const home: Workplace = { name: '', architecture, slots, has: everything, executor: own, engine: run.engine };
  const others = further.map(({ name, info, run: far, has }) => ({
    ...{ name, architecture: info.architecture, has, engine: far.engine },
    slots: settings.jobs ?? defaultJobs(info, run.site.limits),
    executor: record(createLocalExecutor(far, info, estimate), name),
  }));
  const executor = spreadOrders([home, ...others], { ...run, needs: (order) => needsOf(run, order) });
  return {
    jobs: others.reduce((sum, place) => sum + place.slots, slots),
    executor,
    [Symbol.asyncDispose]: async () => {
      await executor[Symbol.asyncDispose]();
      // An engine that is lost keeps its copies for the next build.
      await Promise.allSettled(further.map((engine) => engine[Symbol.asyncDispose]()));
    },
  };
}

/** What an order needs on its engine: the image, and binary packages. */
function needsOf({ images, registered }: SiteRun, order: WorkOrder): readonly string[] {
  if (order.kind !== 'packages') return [];
  const image = registered.get(order.buildmaster) ?? images.get(order.buildmaster)?.id;
  return [...(image === undefined ? [] : [image]), ...order.dependencies.map((cpv) => suppliedPackage(order, cpv))];
}
