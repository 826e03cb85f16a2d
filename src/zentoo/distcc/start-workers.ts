import { tellElog } from '../../emerge/report-elog.ts';
import type { Tuple } from '../../site/site.ts';
import { createStepTimer } from '../../job/step-timer.ts';
import { checkSetNames } from '../sets/check-set-names.ts';
import { isWorkerImage, workerName } from '../../ownership/ownership.ts';
import { workerImageLabel, workerImageName, workerLabel, workerNetwork } from './distcc-names.ts';
import { requireOwnNetwork } from './require-own-network.ts';
import { describeWorkers, listWorkers } from './list-workers.ts';
import { shareMachine, type Share } from '../run/machine-share.ts';
import { findBuildmaster, makeBuildmaster, type Buildmaster } from '../buildmaster/make-buildmaster.ts';
import { findWorkerImage, makeWorkerImage } from './make-worker-image.ts';
import { checkSiteTrees, makeSiteVolumes } from '../run/open-site-run.ts';
import { tupleNamed, type SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';
import { startWorker } from './start-worker.ts';

/**
 * Starts workers until each buildmaster of the tuples has `count` running ones; one per processor of the engine by default.
 * Makes missing buildmasters and images. Keeps workers that are up to date and removes the others, so
 * `run` must have all tuples of the site.
 */
export async function startWorkers(run: SiteRun, tuples: readonly Tuple[], count?: number): Promise<void> {
  const { engine, site } = run;
  const works = tuples.map(({ name }) => tupleNamed(run, name));
  await checkSiteTrees(run);
  await checkSetNames(run, works);
  await makeSiteVolumes(run);
  const machine = await engine.info();
  const { cpus } = machine;
  const plan = { count: count ?? cpus, slots: Math.max(1, Math.floor(cpus / (count ?? cpus))) };
  const network = workerNetwork(site);
  await engine.createNetwork(network, { [workerLabel]: site.name });
  const allowed = (await requireOwnNetwork(run))?.subnets ?? [];
  await removeOutdated(run);
  const done = new Set<string>();
  for (const work of works) {
    const buildmaster = await buildmasterOf(run, work, shareMachine(machine, 1, site.limits));
    if (done.has(buildmaster.name)) continue;
    done.add(buildmaster.name);
    const step = createStepTimer(run.report, buildmaster.name);
    const workers = { buildmaster, allowed, ...plan };
    await step('worker', `${plan.count} for ${buildmaster.name}`, () => startFor(run, work, workers));
  }
}

/** Removes the workers and images of buildmasters that no tuple of the site uses any more. */
async function removeOutdated(run: SiteRun): Promise<void> {
  const { engine, site } = run;
  const outdated = (await describeWorkers(run)).filter(({ isCurrent }) => !isCurrent);
  for (const { id } of outdated) await engine.removeContainer(id);
  for (const image of new Set(outdated.map((worker) => worker.image)))
    if (isWorkerImage(image, (await engine.inspectImage(image))?.labels[workerImageLabel], site.name))
      await engine.removeImage(image);
}

interface WorkerPlan {
  readonly buildmaster: Buildmaster;
  readonly allowed: readonly string[];
  readonly count: number;
  readonly slots: number;
}

async function startFor(
  run: SiteRun,
  work: TupleWork,
  { buildmaster, allowed, count, slots }: WorkerPlan,
): Promise<void> {
  const { engine, site, signal } = run;
  const { name } = buildmaster;
  const found = await findWorkerImage(run, buildmaster);
  const { id } = found ?? (await tellElog(run, makeWorkerImage(run, work, buildmaster)));
  const kept = new Set<string>();
  for (const worker of (await listWorkers(run)).filter((one) => one.buildmaster === name)) {
    const isMade = (await engine.inspectContainer(worker.id))?.image === id;
    if (isMade && worker.state === 'running' && worker.slots === slots && kept.size < count) kept.add(worker.name);
    else await engine.removeContainer(worker.id);
  }
  for (let number = 1; kept.size < count; number++) {
    signal.throwIfAborted();
    const worker = workerName(site.name, name, number);
    if (kept.has(worker)) continue;
    const image = workerImageName(site, name);
    await startWorker(run, { name: worker, buildmaster: name, image, slots, allowed });
    kept.add(worker);
  }
}

async function buildmasterOf(run: SiteRun, work: TupleWork, share: Share): Promise<Buildmaster> {
  const step = createStepTimer(run.report, work.tuple.name);
  return (
    (await findBuildmaster(run, work)) ??
    (await step('buildmaster', `from ${work.stage.name}`, () => tellElog(run, makeBuildmaster(run, work, share))))
  );
}
