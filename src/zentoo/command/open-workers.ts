import type { EngineInfo } from '../../engine/engine.ts';
import type { WorkAnswer } from '../../plan/work-answer.ts';
import type { WorkOrder } from '../../plan/work-order.ts';
import { EngineFactors } from '../../schedule/engine-factors.ts';
import type { Executor } from '../../schedule/executor.ts';
import { openEngines } from '../engines/open-engines.ts';
import { reachNodes } from '../swarm/swarm-engines.ts';
import type { Proxies } from '../swarm/open-proxies.ts';
import { openStoreServer } from '../swarm/store-server.ts';
import { openSwarm } from '../swarm/open-swarm.ts';
import { createLocalExecutor } from '../execute/local-executor.ts';
import { chooseTmpfs } from '../run/choose-tmpfs.ts';
import { defaultJobs } from '../run/machine-share.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { StoreServer } from '../../serve/use-store-server.ts';
import { recordTasks } from './record-tasks.ts';
import { Workforce } from './workforce.ts';
import { homePlace, noteFewSlots, type WorkerSettings } from './workplaces.ts';

/** What carries out the orders of a build, and the number of orders that it takes at the same time. */
export interface Workers extends AsyncDisposable {
  readonly jobs: () => number;
  /** Whether the executor queues orders until an engine is free. */
  readonly queues: boolean;
  readonly executor: Executor<WorkOrder, WorkAnswer>;
}

/** Opens the engines of a build: the site's own, and further ones. */
export async function openWorkers(run: SiteRun, settings: WorkerSettings): Promise<Workers> {
  const machine = await run.engine.info();
  await using opened = new AsyncDisposableStack();
  const proxies = settings.swarm === undefined ? undefined : opened.use(await openSwarm(run, settings.swarm));
  const reached = proxies === undefined ? undefined : await reachNodes(proxies, run);
  const server = proxies === undefined ? undefined : await serveStore(run, proxies, opened);
  const nodes = reached?.engines.map((node) => ({ ...node, server })) ?? [];
  const further = await openEngines(run, [...settings.engines, ...nodes]);
  // Without node proxies, no node joins the build later.
  if (further.length === 0 && (proxies?.image ?? '') === '')
    return { ...(await workAlone(run, machine, settings)), ...disposing(opened.move()) };
  const making = { ...settings, run, factors: new EngineFactors() };
  const reserved = proxies === undefined ? undefined : () => proxies.directory.reservedOn(proxies.own);
  const home = await homePlace(making, machine, reserved);
  const workforce = opened.use(new Workforce(home, further, making));
  await noteFewSlots(making, workforce.places);
  // A node that was not reached may be reached later.
  if (proxies !== undefined) workforce.follow({ ...proxies, ...(reached && { nodes: reached.nodes }) }, server);
  const { executor } = workforce;
  return { jobs: () => workforce.slots, queues: true, executor, ...disposing(opened.move()) };
}

/** Starts the server of the store, which ends with what is `opened`; undefined if there are no node proxies. */
async function serveStore(
  run: SiteRun,
  { storeNetwork }: Proxies,
  opened: AsyncDisposableStack,
): Promise<StoreServer | undefined> {
  if (storeNetwork === undefined || run.self === undefined) return undefined;
  return opened.use(await openStoreServer(run, storeNetwork, run.self));
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

function disposing(opened: AsyncDisposable): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}
