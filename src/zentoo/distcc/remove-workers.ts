import { EngineRefusal } from '../../engine/refusal.ts';
import { Failure } from '../../failure.ts';
import { disproveWorkerNetwork, isWorkerImage } from '../../ownership/ownership.ts';
import { workerImageLabel, workerLabel, workerNetwork } from './distcc-names.ts';
import { listWorkers } from './list-workers.ts';
import type { SiteRun } from '../run/site-run.ts';

/** The names of the removed objects, sorted. */
export interface RemovedWorkers {
  readonly workers: readonly string[];
  readonly images: readonly string[];
  readonly network: string | undefined;
}

/** Removes the workers of a site, their images and their network. Does nothing if there are none. */
export async function removeWorkers(run: Pick<SiteRun, 'engine' | 'site' | 'report'>): Promise<RemovedWorkers> {
  const { engine, site, report } = run;
  const workers = await listWorkers(run, (message) => report({ type: 'warning', message }));
  for (const { id } of workers) await engine.removeContainer(id);
  const name = workerNetwork(site);
  const network = await engine.inspectNetwork(name);
  const isOwn = network !== undefined && disproveWorkerNetwork(network, workerLabel, site.name) === undefined;
  if (isOwn) await removeUnused(`the network ${name}`, () => engine.removeNetwork(name));
  // The images are found by their label, because an image may exist without any worker.
  const labelled = await engine.imagesWithLabel(workerImageLabel);
  const own = labelled.flatMap(({ names, labels }) =>
    names.filter((image) => isWorkerImage(image, labels[workerImageLabel], site.name)),
  );
  const images = [...new Set(own)].toSorted();
  for (const image of images) await removeUnused(`the image ${image}`, () => engine.removeImage(image));
  return { workers: workers.map((worker) => worker.name), images, network: isOwn ? name : undefined };
}

/** Removes an object that a running build may still use. Throws `engine-refused` if the engine says that it is in use. */
async function removeUnused(what: string, remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!(error instanceof EngineRefusal) || error.kind !== 'conflict') throw error;
    throw new Failure('engine-refused', `failed to remove ${what}: ${error.message}`, {
      hint: 'the workers are removed, but a build that used them is still running: run the same command again when it has ended',
      cause: error,
    });
  }
}
