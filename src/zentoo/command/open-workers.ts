import type { Engine } from '../../engine/engine.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import type { Estimate } from '../../plan/expand-site.ts';
import type { WorkAnswer } from '../../plan/work-answer.ts';
import type { PackagesOrder, WorkOrder } from '../../plan/work-order.ts';
import type { BuildRecorder } from '../../record/build-recorder.ts';
import { EngineFactors } from '../../schedule/engine-factors.ts';
import type { Executor } from '../../schedule/executor.ts';
import type { History } from '../../schedule/history.ts';
import type { EngineChoice } from '../engines/engine-choice.ts';
import { suppliedPackage } from '../engines/engine-supply.ts';
import { openEngines, type FurtherEngine } from '../engines/open-engines.ts';
import { EngineSlots } from '../engines/engine-slots.ts';
import type { Sharing, Workplace } from '../engines/order-queue.ts';
import { settleWithin } from '../engines/settle-within.ts';
import { spreadOrders, type SpreadExecutor } from '../engines/spread-orders.ts';
import { nodeEngines } from '../swarm/swarm-engines.ts';
import { openSwarm, type SwarmChoice } from '../swarm/open-swarm.ts';
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
  /** Connects to the swarm whose nodes compile packages; undefined if none does. */
  readonly swarm?: SwarmChoice | undefined;
  readonly recorder: BuildRecorder;
  readonly history: History;
  readonly notes: FailureNotes;
  readonly estimate: Estimate;
}

/** What carries out the orders of a build, and the number of orders that it takes at the same time. */
export interface Workers extends AsyncDisposable {
  readonly jobs: number;
  /** Whether the executor queues orders until an engine is free. */
  readonly queues: boolean;
  readonly executor: Executor<WorkOrder, WorkAnswer>;
}

/** The milliseconds in which engines must have removed the copies of packages and sources. */
const closingMs = 60_000;

/** The site's own engine has its images and its store. */
const everything = { has: () => true };

/** Opens the engines of a build: the site's own, and further ones. */
export async function openWorkers(run: SiteRun, settings: WorkerSettings): Promise<Workers> {
  const { recorder, history, notes, estimate } = settings;
  const machine = await run.engine.info();
  const slots = settings.jobs ?? defaultJobs(machine, run.site.limits);
  const onTmpfs = await chooseTmpfs(run, slots);
  const factors = new EngineFactors();
  const record = (executor: Executor<WorkOrder, WorkAnswer>, engine?: string) => {
    const elsewhere = engine === undefined ? {} : { elsewhere: { engine, factors } };
    return recordTasks(executor, { recorder, history, notes, site: run.site, ...elsewhere });
  };
  const own = record(createLocalExecutor(onTmpfs, machine, estimate));
  await using opened = new AsyncDisposableStack();
  const proxies = settings.swarm === undefined ? undefined : opened.use(await openSwarm(run, settings.swarm));
  const nodes = proxies === undefined ? [] : nodeEngines(proxies, run.signal);
  const further = await openEngines(run, [...settings.engines, ...nodes]);
  if (further.length === 0) return { jobs: slots, queues: false, executor: own, ...disposing(opened.move()) };
  const { architecture, memory } = machine;
  const home: Workplace = {
    ...{ name: '', architecture, memory, slots, has: everything, executor: own, engine: run.engine },
    sharing: shareEngine(run, { engine: run.engine, count: slots }, () => Promise.resolve()),
  };
  const others = further.map(({ name, info, run: far, has, bringImage, isOpen, jobs }) => {
    const { engine } = far;
    const count = settings.jobs ?? jobs ?? defaultJobs(info, run.site.limits);
    return {
      ...{ name, architecture: info.architecture, memory: info.memory, has, engine, isOpen, slots: count },
      executor: record(
        createLocalExecutor(far, info, (order) => scale(estimate(order), factors.factorOf(name))),
        name,
      ),
      sharing: shareEngine(run, { engine, count }, bringImage),
    };
  });
  const executor = spreadOrders([home, ...others], { ...run, needs: (order) => needsOf(run, order) });
  if (proxies !== undefined) proxies.directory.onChange = () => executor.lookAgain();
  opened.defer(async () => {
    await executor[Symbol.asyncDispose]();
    await settleWithin(
      closingMs,
      further.map((engine) => closeEngine(engine, executor)),
    );
  });
  const jobs = others.reduce((sum, place) => sum + place.slots, slots);
  return { jobs, queues: true, executor, ...disposing(opened.move()) };
}

/** Removes what the build has on an engine. An engine that does not answer keeps it for the next build. */
async function closeEngine(engine: FurtherEngine, executor: Pick<SpreadExecutor, 'isLost'>): Promise<void> {
  const ended = new AbortController();
  if (executor.isLost(engine.name) && !(await engine.run.engine.isAnswering(ended.signal))) return;
  await engine[Symbol.asyncDispose]();
}

function disposing(opened: AsyncDisposable): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

function scale(seconds: number | undefined, factor: number): number | undefined {
  return seconds === undefined ? undefined : seconds * factor;
}

/** How an engine is shared with other builds. `bring` brings an image of the site's own engine, that of `home`. */
function shareEngine(
  home: SiteRun,
  { engine, count }: { readonly engine: Engine; readonly count: number },
  bring: (id: ImageId) => Promise<void>,
): Sharing {
  return {
    slots: new EngineSlots(engine, count),
    async bringImage(order) {
      const id = imageOf(home, order) ?? (await home.engine.inspectImage(order.buildmaster))?.id;
      if (id === undefined) throw new Error(`the buildmaster ${order.buildmaster} is gone`);
      await bring(id);
      return id;
    },
  };
}

/** What an order needs on its engine: the image, and binary packages. */
function needsOf(run: SiteRun, order: WorkOrder): readonly string[] {
  if (order.kind !== 'packages') return [];
  const image = imageOf(run, order);
  return [...(image === undefined ? [] : [image]), ...order.dependencies.map((cpv) => suppliedPackage(order, cpv))];
}

function imageOf({ images, registered }: SiteRun, { buildmaster }: PackagesOrder): ImageId | undefined {
  return registered.get(buildmaster) ?? images.get(buildmaster)?.id;
}
