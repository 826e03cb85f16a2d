import { realpathSync } from 'node:fs';
import type { Container } from '../../engine/containers.ts';
import type { Volumes } from '../../engine/volumes.ts';
import { Failure } from '../../failure.ts';
import type { Site } from '../../site/site.ts';
import { volumeLabel } from '../../container/tree.ts';
import { stateVolume } from './site-state.ts';

/** The label of a site's state volume that holds the site's directory. */
const directoryLabel = 'zentoo.directory';

/**
 * Claims a site's name on an engine, because the site's images, containers and volumes are named after it: the first site with
 * a name writes its directory into a label of its state volume. Throws `site-taken` if the label names another directory.
 */
export async function claimSite(engine: Volumes, site: Site, self: Container | undefined): Promise<void> {
  const volume = stateVolume(site);
  const directory = directoryOnHost(site.directory, self);
  const ownerOf = async () => (await engine.inspectVolume(volume))?.labels[directoryLabel];
  if ((await ownerOf()) === directory) return;
  // The engine leaves an existing volume and its labels as they are.
  await engine.createVolume(volume, { [volumeLabel]: 'state', [directoryLabel]: directory });
  const owner = await ownerOf();
  if (owner === directory) return;
  const whose =
    owner === undefined ? 'another program created its state volume' : `the site in ${owner} has the same name`;
  throw new Failure('site-taken', `failed to use the name of the site in ${directory}, ${site.name}: ${whose}`, {
    hint: `give one of them another name in its site.yaml; if the site was moved here: docker volume rm ${volume}`,
  });
}

/** The path of a directory on the engine's host; from a container, by the mount that the directory is in. */
function directoryOnHost(directory: string, self: Container | undefined): string {
  const path = realpathSync(directory);
  const mount = self?.mounts
    .filter(({ target }) => path === target || path.startsWith(`${target}/`))
    .toSorted((a, b) => b.target.length - a.target.length)[0];
  if (mount === undefined) return self === undefined ? path : `${self.id.slice(0, 12)}:${path}`;
  const prefix = mount.type === 'bind' ? mount.source : `volume ${mount.source}:`;
  return `${prefix}${path.slice(mount.target.length)}`;
}
