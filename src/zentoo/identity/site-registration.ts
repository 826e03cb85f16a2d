import { volumeLabel } from '../../container/tree.ts';
import type { Volume, Volumes } from '../../engine/volumes.ts';
import type { Site } from '../../site/site.ts';
import { formatLabel, readFormat, siteFormat } from './formats.ts';
import { siteLabel } from './labels.ts';
import { stateVolume } from './volume-names.ts';

/**
 * The owner of a site's name: the id of the site, or the directory of a site without an id. The directory is empty if another program
 * created the volume of the registration.
 */
export type SiteOwner = { readonly id: string } | { readonly directory: string };

/** The registration of a site's name on an engine. */
export interface Registration {
  readonly owner: SiteOwner;
  /** The beginning of the names of the site's volumes. */
  readonly volumePrefix: string;
  /** Whether zentoo 0.1.0 wrote it: then it is the label of the state volume alone. */
  readonly isFormer: boolean;
}

const idLabel = 'zentoo.id';
/** The label with the directory of a site without an id; zentoo 0.1.0 wrote it, too. */
const directoryLabel = 'zentoo.directory';
const prefixLabel = 'zentoo.volumes';

/**
 * The volumes whose labels are the registration of a name. They stay empty, and are never changed: an engine creates one volume of a
 * name only, and keeps the labels of the first creation. An adoption counts more than the registration that it takes over.
 */
const registrationVolumes = {
  registration: (name: string) => `zentoo-${name}-site`,
  adoption: (name: string) => `zentoo-${name}-adopted`,
} as const;

/** The names of the volumes whose labels may be the registration of a name. */
export function listRegistrationVolumes(name: string): readonly string[] {
  return Object.values(registrationVolumes).map((volumeOf) => volumeOf(name));
}

/** How a site gets a name: it registers a free name, or it adopts the name of a site without an id. */
export type RegistrationKind = keyof typeof registrationVolumes;

/** The beginning of the names of a site's volumes, if it does not have a registration yet. */
export function newVolumePrefix({ id, name }: Pick<Site, 'id' | 'name'>): string {
  return `zentoo-${id ?? name}`;
}

/** The beginnings of the names of volumes that zentoo gives to a site: by its id, or by the name that an adopted site had. */
function ownPrefixes(name: string, id: string | undefined): readonly string[] {
  return [`zentoo-${name}`, ...(id === undefined ? [] : [`zentoo-${id}`])];
}

/** Whether both are the same owner. */
export function isSameOwner(one: SiteOwner, other: SiteOwner): boolean {
  if ('id' in one) return 'id' in other && one.id === other.id;
  return 'directory' in other && one.directory === other.directory;
}

/** Finds the registration of a name. Throws `format-unknown` if a newer zentoo wrote it. */
export async function findRegistration(engine: Volumes, name: string): Promise<Registration | undefined> {
  const [adoption, registration, former] = await Promise.all([
    engine.inspectVolume(registrationVolumes.adoption(name)),
    engine.inspectVolume(registrationVolumes.registration(name)),
    engine.inspectVolume(stateVolume({ volumePrefix: `zentoo-${name}` })),
  ]);
  const volume = adoption ?? registration;
  if (volume !== undefined) return readRegistration(volume, name);
  const directory = former?.labels[directoryLabel];
  if (directory === undefined) return undefined;
  return { owner: { directory }, volumePrefix: `zentoo-${name}`, isFormer: true };
}

function readRegistration({ name: volume, labels }: Volume, name: string): Registration {
  readFormat(labels[formatLabel], `the registration of the site ${name}, the volume ${volume}`, siteFormat);
  const id = labels[idLabel];
  const directory = labels[directoryLabel] ?? '';
  const volumePrefix = labels[prefixLabel] ?? `zentoo-${name}`;
  // Another program wrote the labels: nobody is their owner, as with a volume without any.
  if (!ownPrefixes(name, id).includes(volumePrefix)) return { owner: { directory: '' }, volumePrefix, isFormer: false };
  return { owner: id === undefined ? { directory } : { id }, volumePrefix, isFormer: false };
}

/**
 * Registers a name. If another owner registers it at the same time, the engine keeps the labels of one of them: returns the
 * registration that the name then has.
 */
export async function createRegistration(
  engine: Volumes,
  kind: RegistrationKind,
  name: string,
  { owner, volumePrefix }: Pick<Registration, 'owner' | 'volumePrefix'>,
): Promise<Registration | undefined> {
  const ofOwner = 'id' in owner ? { [idLabel]: owner.id } : { [directoryLabel]: owner.directory };
  await engine.createVolume(registrationVolumes[kind](name), {
    [volumeLabel]: 'site',
    [formatLabel]: String(siteFormat),
    [siteLabel]: name,
    [prefixLabel]: volumePrefix,
    ...ofOwner,
  });
  return findRegistration(engine, name);
}

/** Removes the registration that an owner has just created, and cannot use. */
export async function removeRegistration(engine: Volumes, kind: RegistrationKind, name: string): Promise<void> {
  await engine.removeVolume(registrationVolumes[kind](name));
}

/** The volume whose labels bind an id to a name. It is also the state volume of the site, unless the site kept older volumes when it got the id. */
export function bindingVolume(id: string): string {
  return stateVolume({ volumePrefix: `zentoo-${id}` });
}

/** Finds the name to which an id is bound. Throws `format-unknown` if a newer zentoo bound it. */
export async function findNameOf(engine: Volumes, id: string): Promise<string | undefined> {
  const volume = await engine.inspectVolume(bindingVolume(id));
  if (volume === undefined) return undefined;
  readFormat(volume.labels[formatLabel], `the state of the site, the volume ${volume.name}`, siteFormat);
  return volume.labels[siteLabel] ?? '';
}

/** Binds an id to a name. Returns the name to which the id is bound then. */
export async function bindId(engine: Volumes, id: string, name: string): Promise<string | undefined> {
  const labels = { [volumeLabel]: 'state', [formatLabel]: String(siteFormat), [siteLabel]: name };
  await engine.createVolume(bindingVolume(id), labels);
  return findNameOf(engine, id);
}

/**
 * Makes the state volume of a site without an id, with the label that zentoo 0.1.0 looks at. Returns the directory in that label;
 * undefined if the volume has none.
 */
export async function makeFormerState(engine: Volumes, name: string, directory: string): Promise<string | undefined> {
  const volume = stateVolume({ volumePrefix: `zentoo-${name}` });
  const labels = {
    [volumeLabel]: 'state',
    [directoryLabel]: directory,
    [formatLabel]: String(siteFormat),
    [siteLabel]: name,
  };
  await engine.createVolume(volume, labels);
  return (await engine.inspectVolume(volume))?.labels[directoryLabel];
}
