import { archiveCalls } from './docker-archives.ts';
import type { DockerClient } from './docker-client.ts';
import { containerCalls } from './docker-containers.ts';
import { execCalls } from './docker-execs.ts';
import { imageCalls } from './docker-images.ts';
import { networkCalls } from './docker-networks.ts';
import { volumeCalls } from './docker-volumes.ts';
import type { Engine } from './engine.ts';

/** The {@link Engine} over dockerode; the API version of `client` is negotiated already. */
export function dockerEngine(client: DockerClient): Engine {
  return {
    address: client.address,
    ...systemCalls(client),
    ...imageCalls(client),
    ...containerCalls(client),
    ...archiveCalls(client),
    ...execCalls(client),
    ...volumeCalls(client),
    ...networkCalls(client),
  };
}

function systemCalls(client: DockerClient): Pick<Engine, 'version' | 'info'> {
  return {
    async version() {
      const answer = await client.repeat('read the version of the engine', (docker) => docker.version());
      return { engine: answer.Version, api: answer.ApiVersion };
    },

    async info() {
      const answer = await client.repeat('read the state of the engine', (docker) => docker.info());
      return { id: answer.ID, cpus: answer.NCPU, memory: answer.MemTotal, dataRoot: answer.DockerRootDir };
    },
  };
}
