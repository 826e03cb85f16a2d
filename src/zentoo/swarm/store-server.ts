import type { Container } from '../../engine/containers.ts';
import { defaultTarget, mountAt } from '../../container/mounts.ts';
import { startFileServer, type FileServer } from '../../serve/file-server.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { StoreServer } from '../../serve/use-store-server.ts';

/** A server of the store's node for the nodes of a swarm. */
export type OpenStoreServer = StoreServer & Pick<FileServer, keyof AsyncDisposable>;

/** Starts the server of a site's binary packages and sources in a network of a swarm. `image` is this program's own. */
export async function openStoreServer(
  { engine, mounts }: Pick<SiteRun, 'engine' | 'mounts'>,
  network: string,
  { image }: Pick<Container, 'image'>,
): Promise<OpenStoreServer> {
  const served = (['binpkgs', 'distfiles'] as const).map((role) => {
    const path = defaultTarget(role);
    return { name: role, path, mount: mountAt(mounts[role], path) };
  });
  const server = await startFileServer(engine, { name: network, image, network, directories: served });
  return {
    network,
    url: `http://${server.address}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
