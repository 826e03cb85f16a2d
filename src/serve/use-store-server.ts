import { posix } from 'node:path';
import { shellProgram } from '../container-program.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { writeEntry } from '../container/probe.ts';
import { stateDirectory, workDirectory } from '../container/work-directories.ts';
import { Failure } from '../failure.ts';

/** A web server with the binary packages and sources of a store. */
export interface StoreServer {
  /** The network that a container joins for it. */
  readonly network: string;
  /** `http://ADDRESS:PORT`, with the directories `binpkgs` and `distfiles`. */
  readonly url: string;
}

/**
 * Lets Portage in a container take binary packages and sources from a server. Throws `node-unfit` if the container refuses that.
 *
 * @param indexes the indexes of the packages, by their partitions
 */
export async function useStoreServer(
  session: Pick<ContainerSession, 'engine' | 'id' | 'run'>,
  { url }: StoreServer,
  indexes: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [partition, content] of indexes) {
    const index = `${stateDirectory}/served-index`;
    await writeEntry(session.engine, session.id, workDirectory, {
      path: posix.relative(workDirectory, index),
      content,
    });
    const program = new URL('./use-store-server.sh', import.meta.url);
    const command = shellProgram(program, 'zentoo-store-server', url, partition, index);
    const { exitCode, stderr } = await session.run({ command });
    if (exitCode !== 0)
      throw new Failure('node-unfit', `failed to let Portage use the store at ${url}: ${stderr.trim()}`, {
        hint: 'look at /etc/portage of the buildmaster: binrepos.conf and mirrors must be replaceable',
      });
  }
}

/** The environment of a container that uses a server: no proxy stands between, and PORTAGE_BINHOST names no other one. */
export function serverEnvironment(
  { url }: StoreServer,
  proxies: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const { hostname } = new URL(url);
  const none = (name: 'no_proxy' | 'NO_PROXY') => [proxies[name] ?? '', hostname].filter((one) => one !== '').join(',');
  return { PORTAGE_BINHOST: '', no_proxy: none('no_proxy'), NO_PROXY: none('NO_PROXY') };
}
