import type { Images } from '../engine/images.ts';
import type { Containers } from '../engine/containers.ts';
import type { ContainerId } from '../engine/identifiers.ts';
import { Failure } from '../failure.ts';

const shortest = 4;

/**
 * Reserves the image name `gentoo-<first characters of the container's id>` for this build: four characters, or more if the
 * name is taken. The reservation is a rename of the container, because the engine gives a container name only once. It ends
 * when the container is removed; by then the image has the name.
 */
export async function reserveImageName(engine: Images & Containers, container: ContainerId): Promise<string> {
  for (let length = shortest; length <= container.length; length++) {
    const name = `gentoo-${container.slice(0, length)}`;
    if ((await engine.inspectImage(name)) !== undefined) continue;
    if (!(await engine.renameContainer(container, name))) continue;
    // Between the first look and the rename, another build may have committed an image with this name and ended.
    if ((await engine.inspectImage(name)) === undefined) return name;
  }
  throw new Failure(
    'commit-failed',
    `failed to name the image: every name from gentoo-${container.slice(0, shortest)} to gentoo-${container} is taken`,
  );
}
