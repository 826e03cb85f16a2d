import type { Container } from '../../engine/containers.ts';
import type { Volumes } from '../../engine/volumes.ts';
import { Failure } from '../../failure.ts';
import type { Site } from '../../site/site.ts';
import { directoryOnHost } from './directory-on-host.ts';
import {
  bindId,
  bindingVolume,
  createRegistration,
  findNameOf,
  findRegistration,
  isSameOwner,
  listRegistrationVolumes,
  makeFormerState,
  newVolumePrefix,
  removeRegistration,
  type Registration,
  type RegistrationKind,
  type SiteOwner,
} from './site-registration.ts';
import type { SiteVolumeNames } from './volume-names.ts';

/**
 * Checks that a site may use its name on an engine: the names of its images and containers contain it. Registers the name if the
 * command writes. A site with an id may use it from any directory; a site without an id only from the directory that
 * registered it. Throws `site-taken` if another site has the name, or if a site of another name has the id.
 */
export async function registerSite(
  engine: Volumes,
  site: Site,
  self: Container | undefined,
  access: 'read' | 'write',
): Promise<SiteVolumeNames> {
  const owner = ownerOf(site, self);
  const found = await requireFree(engine, site, owner);
  const volumePrefix = found?.volumePrefix ?? newVolumePrefix(site);
  if (access === 'read') return { volumePrefix, isRegistered: found !== undefined };
  if (found === undefined || found.isFormer) await register(engine, 'registration', site, { owner, volumePrefix });
  else await makeStateVolume(engine, site, owner);
  return { volumePrefix, isRegistered: true };
}

/** The owner that a site registers its name for. */
function ownerOf({ id, directory }: Site, self: Container | undefined): SiteOwner {
  return id === undefined ? { directory: directoryOnHost(directory, self) } : { id };
}

/** A site that has an id. */
export type IdentifiedSite = Site & { readonly id: string };

/**
 * Finds the registration of a site's name for a directory. Returns undefined if the name is free, or registered for the site's id
 * already. Throws `site-taken` if it is registered for another site or another directory, or if a site of another name has the id.
 */
export async function findAdoptable(
  engine: Volumes,
  site: IdentifiedSite,
  directory: string,
): Promise<Registration | undefined> {
  const found = await requireFree(engine, site, { id: site.id }, { directory });
  return found === undefined || 'id' in found.owner ? undefined : found;
}

/**
 * Makes a registration for a directory one for the site's id. If another site is faster, throws `site-taken`. The volumes keep their
 * names.
 */
export async function adoptRegistration(
  engine: Volumes,
  site: IdentifiedSite,
  { volumePrefix }: Registration,
): Promise<void> {
  await register(engine, 'adoption', site, { owner: { id: site.id }, volumePrefix });
}

async function register(
  engine: Volumes,
  kind: RegistrationKind,
  site: Site,
  wanted: Pick<Registration, 'owner' | 'volumePrefix'>,
): Promise<void> {
  const { owner } = wanted;
  const found = await createRegistration(engine, kind, site.name, wanted);
  if (found === undefined || !isSameOwner(found.owner, owner)) throw takenFailure(site, found?.owner);
  try {
    await makeStateVolume(engine, site, owner);
  } catch (error) {
    if (error instanceof Failure) await removeRegistration(engine, kind, site.name);
    throw error;
  }
}

async function makeStateVolume(engine: Volumes, site: Site, owner: SiteOwner): Promise<void> {
  if ('id' in owner) {
    const bound = await bindId(engine, owner.id, site.name);
    if (bound !== site.name) throw copyFailure(site, bound);
  } else {
    const directory = await makeFormerState(engine, site.name, owner.directory);
    if (directory !== owner.directory) throw takenFailure(site, directory === undefined ? undefined : { directory });
  }
}

/**
 * Finds the registration of a site's name. Throws `site-taken` if it is neither registered for the owner of the site nor for one of
 * the `others`.
 */
async function requireFree(
  engine: Volumes,
  site: Site,
  ...[owner, ...others]: readonly [SiteOwner, ...SiteOwner[]]
): Promise<Registration | undefined> {
  const [found, bound] = await Promise.all([
    findRegistration(engine, site.name),
    'id' in owner ? findNameOf(engine, owner.id) : undefined,
  ]);
  if (bound !== undefined && bound !== site.name) throw copyFailure(site, bound);
  if (found !== undefined && ![owner, ...others].some((one) => isSameOwner(found.owner, one)))
    throw takenFailure(site, found.owner);
  return found;
}

/** The failure of a site whose name another owner has; undefined if the owner is not a site. */
function takenFailure(site: Site, owner: SiteOwner | undefined): Failure {
  const { name, directory } = site;
  const { whose, hint } = describeOwner(site, owner);
  return new Failure('site-taken', `failed to use the name of the site in ${directory}, ${name}: ${whose}`, { hint });
}

function describeOwner({ name, id }: Site, owner: SiteOwner | undefined): { whose: string; hint: string } {
  const rename = 'give one of the two sites another name in its site.yaml';
  const another = 'give the site another name in site.yaml';
  if (owner === undefined) return { whose: 'another program created its state volume', hint: another };
  if ('id' in owner) {
    const isSame = `if it is the same site, write this line into site.yaml: id: ${owner.id}`;
    return { whose: `the site with the id ${owner.id} has the same name`, hint: `${rename}; ${isSame}` };
  }
  if (owner.directory === '') {
    const look = `look at the volumes ${listRegistrationVolumes(name).join(' and ')}, and remove the one that nobody needs`;
    return { whose: 'another program created the volume of its registration', hint: `${look}, or ${another}` };
  }
  const adopt = `zentoo adopt --from '${owner.directory}'`;
  const whose = `the site in ${owner.directory}, registered without an id, has the same name`;
  const isSame = `if it is the same site: run zentoo adopt there and commit its site.yaml, or ${adopt} here`;
  return id === undefined
    ? { whose, hint: `${rename}; ${isSame}` }
    : { whose, hint: `if it is this site: run ${adopt}; otherwise ${rename}` };
}

function copyFailure({ name, directory, id = '' }: Site, bound: string | undefined): Failure {
  const step = `failed to use the id of the site in ${directory}, ${id}`;
  if (bound === undefined || bound === '')
    return new Failure('site-taken', `${step}: another program created the volume ${bindingVolume(id)}`, {
      hint: 'remove the volume if nobody needs it, or give the site another id: zentoo init --new-id',
    });
  return new Failure('site-taken', `${step}: the site ${bound} has the same id, and this one is called ${name}`, {
    hint: `if this site was made from a copy: zentoo init --new-id; otherwise call it ${bound} again in site.yaml`,
  });
}
