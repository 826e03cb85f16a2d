import type { Engine, EngineInfo } from '../../engine/engine.ts';
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
import { measureRoom, type Reserved } from '../engines/engine-room.ts';
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
  readonly jobs: () => number;
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
  const machine = await run.engine.info();
  await using opened = new AsyncDisposableStack();
  const proxies = settings.swarm === undefined ? undefined : opened.use(await openSwarm(run, settings.swarm));
  const nodes = proxies === undefined ? [] : nodeEngines(proxies, run.signal);
  const further = await openEngines(run, [...settings.engines, ...nodes]);
  if (further.length === 0) return { ...(await workAlone(run, machine, settings)), ...disposing(opened.move()) };
  const making = { ...settings, run, factors: new EngineFactors() };
  const reserved = proxies === undefined ? undefined : () => proxies.directory.reservedOn(proxies.own);
  const places = [
    await homePlace(making, machine, reserved),
    ...further.map((one) => furtherPlace(making, one)),
  ] as const;
  await noteFewSlots(making, places);
  const executor = spreadOrders(places, { ...run, needs: (order) => needsOf(run, order) });
  if (proxies !== undefined) proxies.directory.onChange = () => executor.lookAgain();
  opened.defer(async () => {
    await executor[Symbol.asyncDispose]();
    await settleWithin(
      closingMs,
      further.map((engine) => closeEngine(engine, executor)),
    );
  });
  const jobs = () => places.reduce((sum, place) => sum + place.room().slots, 0);
  return { jobs, queues: true, executor, ...disposing(opened.move()) };
}

/** Removes what the build has on an engine. An engine that does not answer keeps it for the next build. */
async function closeEngine(engine: FurtherEngine, executor: Pick<SpreadExecutor, 'isLost'>): Promise<void> {
  const ended = new AbortController();
  if (executor.isLost(engine.name) && !(await engine.run.engine.isAnswering(ended.signal))) return;
  await engine[Symbol.asyncDispose]();
}

/** The site's own engine alone carries out all orders, and its machine has no other work. */
async function workAlone(
  run: SiteRun,
  machine: EngineInfo,
  settings: WorkerSettings,
): Promise<Omit<Workers, keyof AsyncDisposable>> {
  const jobs = settings.jobs ?? defaultJobs(machine, run.site.limits);
  const executor = createLocalExecutor(await chooseTmpfs(run, jobs), machine, settings.estimate);
  return { jobs: () => jobs, queues: false, executor: recordTasks(executor, { ...settings, site: run.site }) };
}

/** The parts of a build from which its engines become workplaces. */
interface Making extends WorkerSettings {
  readonly run: SiteRun;
  readonly factors: EngineFactors;
}

async function homePlace(
  { run, jobs, estimate, ...settings }: Making,
  machine: EngineInfo,
  reserved: (() => Reserved) | undefined,
): Promise<Workplace> {
  const { engine, site } = run;
  const { limits } = site;
  const room = () => measureRoom(machine, { reserved: reserved?.(), limits, jobs, isOwn: true });
  const { slots, share } = room();
  const onTmpfs = await chooseTmpfs(run, slots, share);
  return {
    ...{ name: '', architecture: machine.architecture, room, has: everything, engine },
    executor: recordTasks(createLocalExecutor(onTmpfs, machine, estimate), { ...settings, site }),
    sharing: shareEngine(run, { engine, room }, () => Promise.resolve()),
  };
}

function furtherPlace({ run, factors, estimate, ...settings }: Making, further: FurtherEngine): Workplace {
  const { name, info, run: far, has, bringImage, isOpen, jobs, reserved } = further;
  const { engine } = far;
  const { limits } = run.site;
  const room = () =>
    measureRoom(info, { reserved: reserved?.(), limits, jobs: settings.jobs ?? jobs?.(), isOwn: false });
  const scaled = (order: WorkOrder) => scale(estimate(order), factors.factorOf(name));
  const elsewhere = { engine: name, factors };
  return {
    ...{ name, architecture: info.architecture, room, has, engine, isOpen },
    executor: recordTasks(createLocalExecutor(far, info, scaled), { ...settings, site: run.site, elsewhere }),
    sharing: shareEngine(run, { engine, room }, bringImage),
  };
}

/** Tells where there is not enough memory for the number of containers that the user chose. */
async function noteFewSlots({ run, jobs }: Making, places: readonly Workplace[]): Promise<void> {
  if (jobs === undefined) return;
  for (const { name, room } of places) {
    const { slots } = room();
    if (slots >= jobs) continue;
    const where = name === '' ? "the site's own engine" : `the engine ${name}`;
    const message = `${where} works in ${slots} containers at once, not in ${jobs}: it has not memory for more`;
    await run.report({ type: 'note', message });
  }
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
  { engine, room }: Pick<Workplace, 'room'> & { readonly engine: Engine },
  bring: (id: ImageId) => Promise<void>,
): Sharing {
  return {
    slots: new EngineSlots(engine, () => room().slots),
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
