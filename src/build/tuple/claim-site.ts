import { realpathSync } from 'node:fs';
import type { Container, Engine } from '../../engine/engine.ts';
import { Failure } from '../../failure.ts';
import type { Site } from '../../site/site.ts';
import { volumeLabel } from '../tree.ts';

/** The label of a site's state volume that says where the site is. */
const directoryLabel = 'zentoo.directory';

/** The volume that a site keeps its state in. */
export function stateVolume({ name }: Pick<Site, 'name'>): string {
  return `zentoo-${name}-state`;
}

/**
 * Makes a site's name its own on an engine, as all its images, containers and volumes have it: the first one that comes
 * has its directory in the label of its state volume. Throws `site-taken` where that is another one.
 */
export async function claimSite(engine: Engine, site: Site, self: Container | undefined): Promise<void> {
  const volume = stateVolume(site);
  const directory = directoryOnHost(site.directory, self);
  const ownerOf = async () => (await engine.inspectVolume(volume))?.labels[directoryLabel];
  if ((await ownerOf()) === directory) return;
  // One that is there stays as it is.
  await engine.createVolume(volume, { [volumeLabel]: 'state', [directoryLabel]: directory });
  const owner = await ownerOf();
  if (owner === directory) return;
  const whose = owner === undefined ? "a volume of that name is somebody else's" : `it is that of the site in ${owner}`;
  throw new Failure('site-taken', `failed to use the name of the site in ${directory}, ${site.name}: ${whose}`, {
    hint: `give one of them another name in its site.yaml; if the site was moved here: docker volume rm ${volume}`,
  });
}

/** A directory as the engine's host knows it, where this program is in a container that has it mounted. */
function directoryOnHost(directory: string, self: Container | undefined): string {
  const path = realpathSync(directory);
  const mount = self?.mounts
    .filter(({ target }) => path === target || path.startsWith(target === '/' ? '/' : `${target}/`))
    .toSorted((a, b) => b.target.length - a.target.length)[0];
  if (mount === undefined) return self === undefined ? path : `${self.id.slice(0, 12)}:${path}`;
  const prefix = mount.type === 'bind' ? mount.source : `volume ${mount.source}:`;
  return `${prefix}${path.slice(mount.target.length)}`;
}
