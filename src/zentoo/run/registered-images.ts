import type { ContainerSession } from '../../container/container-session.ts';
import { withProbe, type Probe } from '../../container/probe.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import type { ListedImage } from '../../engine/images.ts';
import { isRegistered, registerImage } from '../../ownership/image-register.ts';
import { stateMount, statePlace } from './site-state.ts';
import { stateVolume } from '../identity/volume-names.ts';
import type { SiteRun } from './site-run.ts';

/** Finds out which images of a site zentoo committed, by the register in the site's state volume. */
export async function readRegistered(
  probe: Probe,
  images: ReadonlyMap<string, Pick<ListedImage, 'id'>>,
): Promise<Map<string, ImageId>> {
  const found = [...images].map(async ([name, { id }]) =>
    (await isRegistered(probe, statePlace, name, id)) ? [[name, id] as const] : [],
  );
  return new Map((await Promise.all(found)).flat());
}

/**
 * Registers an image that zentoo committed for a site: without that, the image is not up to date, whatever its labels say. The
 * session's container may be stopped.
 */
export async function registerSiteImage(
  { engine, volumePrefix, registered }: Pick<SiteRun, 'engine' | 'volumePrefix' | 'registered'>,
  { workspace, base }: Pick<ContainerSession, 'workspace' | 'base'>,
  name: string,
  id: ImageId,
): Promise<void> {
  const mounts = [stateMount(stateVolume({ volumePrefix }))];
  await withProbe(engine, workspace, { image: base, mounts }, (probe) => registerImage(probe, statePlace, name, id));
  registered.set(name, id);
}
