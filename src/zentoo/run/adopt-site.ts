import { connectEngine } from '../../engine/docker/connect-engine.ts';
import { findOwnContainer } from '../../engine/own-container.ts';
import { newSiteId, writeSiteId } from '../../site/site-id.ts';
import type { Site } from '../../site/site.ts';
import { directoryOnHost } from '../identity/directory-on-host.ts';
import { openSiteRun, type SiteWorld } from './open-site-run.ts';
import { adoptRegistration, findAdoptable } from '../identity/register-site.ts';

/** What `zentoo adopt` did. */
export interface Adoption {
  readonly id: string;
  /** Whether the id is new, so that site.yaml has changed. */
  readonly isNewId: boolean;
  /** The directory for which the name was registered before; undefined if there was nothing to take over. */
  readonly from: string | undefined;
  /** The beginning of the names of the site's volumes. */
  readonly volumePrefix: string;
  /** The images that zentoo committed for the site, sorted. */
  readonly images: readonly string[];
}

/**
 * Gives a site an id, if it has none, and makes the registration of its name on the engine one of the id: until then, it was one of the
 * directory. The volumes keep their names. Throws `site-taken` if the name is registered for another site, or for another directory
 * than `from`, by default the site's own. Can be repeated.
 */
export async function adoptSite(site: Site, world: SiteWorld, from: string | undefined): Promise<Adoption> {
  const engine = await connectEngine(world.environment);
  const directory = from ?? directoryOnHost(site.directory, await findOwnContainer(engine));
  const adopted = { ...site, id: site.id ?? newSiteId() };
  const former = await findAdoptable(engine, adopted, directory);
  if (site.id === undefined) writeSiteId(site.directory, adopted.id);
  if (former !== undefined) await adoptRegistration(engine, adopted, former);
  const run = await openSiteRun(adopted, world, { keepFailed: false, pull: [] });
  return {
    id: adopted.id,
    isNewId: site.id === undefined,
    from: former === undefined ? undefined : directory,
    volumePrefix: run.volumePrefix,
    images: [...run.registered.keys()].toSorted(),
  };
}
