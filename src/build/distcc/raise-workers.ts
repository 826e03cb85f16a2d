import { fingerprintBuildmaster } from '../../plan/fingerprint.ts';
import type { Tuple } from '../../site/site.ts';
import { createStepTimer } from '../step-timer.ts';
import { checkSetNames } from '../tuple/check-set-names.ts';
import { workerImageName, workerLabel, workerName, workerNetwork } from './distcc-names.ts';
import { describeWorkers, listWorkers } from './list-workers.ts';
import { shareMachine, type Share } from '../tuple/machine-share.ts';
import { findBuildmaster, makeBuildmaster, type Buildmaster } from '../tuple/make-buildmaster.ts';
import { findWorkerImage, makeWorkerImage } from './make-worker-image.ts';
import { checkTrees, makeSiteVolumes } from '../tuple/open-site-run.ts';
import { stageOf, type SiteRun } from '../tuple/site-run.ts';
import { startWorker } from './start-worker.ts';
import { surroundingsOf } from '../tuple/surroundings.ts';

/**
 * Sees to it that each buildmaster of the tuples has `count` workers that run, one for each processor of the engine if
 * undefined. Buildmasters and images that are missing are made; workers that are as they should be stay, others of these
 * buildmasters go.
 */
export async function raiseWorkers(run: SiteRun, tuples: readonly Tuple[], count?: number): Promise<void> {
  const { engine, site } = run;
  await checkTrees(run);
  await checkSetNames(run, tuples);
  await makeSiteVolumes(run);
  const machine = await engine.info();
  const { cpus } = machine;
  const plan = { count: count ?? cpus, slots: Math.max(1, Math.floor(cpus / (count ?? cpus))) };
  const network = workerNetwork(site);
  await engine.createNetwork(network, { [workerLabel]: site.name });
  const allowed = (await engine.inspectNetwork(network))?.subnets ?? [];
  await removeFormer(run);
  const done = new Set<string>();
  for (const tuple of tuples) {
    const buildmaster = await buildmasterOf(run, tuple, shareMachine(machine, 1, site.limits));
    if (done.has(buildmaster.name)) continue;
    done.add(buildmaster.name);
    const step = createStepTimer(run.report, buildmaster.name);
    await step('worker', `${plan.count} for ${buildmaster.name}`, raiseFor, run, tuple, {
      buildmaster,
      allowed,
      ...plan,
    });
  }
}

/** Workers and images of buildmasters that no tuple of the site has any more. */
async function removeFormer(run: SiteRun): Promise<void> {
  const { engine } = run;
  const former = (await describeWorkers(run)).filter(({ isCurrent }) => !isCurrent);
  for (const { id } of former) await engine.removeContainer(id);
  for (const image of new Set(former.map((worker) => worker.image))) if (image !== '') await engine.removeImage(image);
}

interface Raising {
  readonly buildmaster: Buildmaster;
  readonly allowed: readonly string[];
  readonly count: number;
  readonly slots: number;
}

async function raiseFor(run: SiteRun, tuple: Tuple, { buildmaster, allowed, count, slots }: Raising): Promise<void> {
  const { engine, site, signal } = run;
  const { name } = buildmaster;
  const found = await findWorkerImage(run, buildmaster);
  const { id } = found ?? (await makeWorkerImage(run, tuple, buildmaster));
  const kept = new Set<string>();
  for (const worker of (await listWorkers(run)).filter((one) => one.buildmaster === name)) {
    const isMade = (await engine.inspectContainer(worker.id))?.image === id;
    if (isMade && worker.state === 'running' && worker.slots === slots && kept.size < count) kept.add(worker.name);
    else await engine.removeContainer(worker.id);
  }
  for (let number = 1; kept.size < count; number++) {
    signal.throwIfAborted();
    const worker = workerName(site, name, number);
    if (kept.has(worker)) continue;
    const image = workerImageName(site, name);
    await startWorker(run, { name: worker, buildmaster: name, image, slots, allowed });
    kept.add(worker);
  }
}

async function buildmasterOf(run: SiteRun, tuple: Tuple, share: Share): Promise<Buildmaster> {
  const fingerprint = fingerprintBuildmaster(tuple, surroundingsOf(run, tuple));
  const step = createStepTimer(run.report, tuple.name);
  return (
    (await findBuildmaster(run, tuple, fingerprint)) ??
    (await step('buildmaster', `from ${stageOf(run, tuple).name}`, makeBuildmaster, run, tuple, fingerprint, share))
  );
}
