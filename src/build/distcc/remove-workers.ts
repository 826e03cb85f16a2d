import { EngineRefusal } from '../../engine/engine.ts';
import { Failure } from '../../failure.ts';
import { workerImageLabel, workerImageName, workerLabel, workerNetwork } from './distcc-names.ts';
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
  const name = workerNetwork(site);
  const network = await engine.inspectNetwork(name);
  const isOwn = network?.labels[workerLabel] === site.name;
  if (isOwn) await whileUsed(`the network ${name}`, () => engine.removeNetwork(name));
  // Whether or not a worker of it is left, or ever was.
  const labelled = await engine.imagesWithLabel(workerImageLabel);
  const own = labelled.flatMap(({ names }) => names).filter((image) => image.startsWith(workerImageName(site, ':')));
  const images = [...new Set(own)].toSorted();
  for (const image of images) await whileUsed(`the image ${image}`, () => engine.removeImage(image));
  return { workers: workers.map((worker) => worker.name), images, network: isOwn ? name : undefined };
}

/** Removes what a build that is under way may still have in use. */
async function whileUsed(what: string, remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    throw new Failure('engine-refused', `failed to remove ${what}: ${error.message}`, {
      hint: 'the workers are gone, and a build that used them is still under way: run the same command again afterwards',
      cause: error,
    });
  }
}
