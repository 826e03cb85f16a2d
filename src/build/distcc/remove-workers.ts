import { EngineRefusal } from '../../engine/engine.ts';
import { Failure } from '../../failure.ts';
import { workerLabel, workerNetwork } from './distcc-names.ts';
import { listWorkers } from './list-workers.ts';
import type { SiteRun } from '../tuple/site-run.ts';

/** The names of what was removed, sorted. */
export interface RemovedWorkers {
  readonly workers: readonly string[];
  readonly images: readonly string[];
  readonly network: string | undefined;
}

/** Removes a site's workers, their images and their network, and nothing else. Fine where there is nothing. */
export async function removeWorkers(run: Pick<SiteRun, 'engine' | 'site'>): Promise<RemovedWorkers> {
  const { engine, site } = run;
  const workers = await listWorkers(run);
  for (const { id } of workers) await engine.removeContainer(id);
  const images = [...new Set(workers.map(({ image }) => image))].filter((image) => image !== '').toSorted();
  for (const image of images) await engine.removeImage(image);
  const name = workerNetwork(site);
  const network = await engine.inspectNetwork(name);
  const isOwn = network?.labels[workerLabel] === site.name;
  if (isOwn) await removeNetwork(run, name);
  return { workers: workers.map((worker) => worker.name), images, network: isOwn ? name : undefined };
}

async function removeNetwork({ engine }: Pick<SiteRun, 'engine'>, name: string): Promise<void> {
  try {
    await engine.removeNetwork(name);
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    throw new Failure('engine-refused', `failed to remove the network ${name}: ${error.message}`, {
      hint: 'the workers are gone, and a build that used them is still under way: run the same command again afterwards',
      cause: error,
    });
  }
}
