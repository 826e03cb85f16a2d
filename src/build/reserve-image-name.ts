import type { ContainerId, Engine } from '../engine/engine.ts';
import { Failure } from '../failure.ts';

const shortest = 4;

/**
 * Reserves `gentoo-<first characters of the container's id>` for this build: four, or as many more as it takes to be
 * free. The reservation is the container's own name, which the engine hands out to one container only; it ends with the
 * container, when the image has the name.
 */
export async function reserveImageName(engine: Engine, container: ContainerId): Promise<string> {
  for (let length = shortest; length <= container.length; length++) {
    const name = `gentoo-${container.slice(0, length)}`;
    if ((await engine.inspectImage(name)) !== undefined) continue;
    if (!(await engine.renameContainer(container, name))) continue;
    // Between the look and the reservation another build may have committed under this name and gone.
    if ((await engine.inspectImage(name)) === undefined) return name;
  }
  throw new Failure(
    'commit-failed',
    `failed to name the image: every name from gentoo-${container.slice(0, shortest)} on is taken`,
  );
}
