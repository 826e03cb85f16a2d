import { nullish, number, object, string } from 'valibot';

import { readAnswer } from './answer.ts';
import type { DockerClient } from './docker-client.ts';
import { dockerContainers } from './docker-containers.ts';
import { dockerExecs } from './docker-execs.ts';
import { dockerImages } from './docker-images.ts';
import { dockerNetworks } from './docker-networks.ts';
import { dockerVolumes } from './docker-volumes.ts';
import type { Engine, EngineFlavour } from '../engine.ts';

/** The {@link Engine} over dockerode, once the API version of `client` is negotiated. */
export function dockerEngine(client: DockerClient, flavour: EngineFlavour): Engine {
  return {
    address: client.address,
    flavour,
    ...system(client),
    ...dockerImages(client, flavour),
    ...dockerContainers(client, flavour),
    ...dockerExecs(client),
    ...dockerVolumes(client),
    ...dockerNetworks(client, flavour),
  };
}

/** The milliseconds within which the engine must answer a ping. */
const pingLimitMs = 5000;

function system(client: DockerClient): Pick<Engine, 'lastHeard' | 'isAnswering' | 'version' | 'info'> {
  return {
    lastHeard: () => client.lastHeard(),

    isAnswering(signal) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(pingLimitMs)]);
      return client.ping(limit).then(
        () => true,
        () => false,
      );
    },

    async version() {
      const answer = client.repeat('read the version of the engine', (docker) => docker.version());
      const { Version, ApiVersion } = await readAnswer(versionAnswer, answer);
      return { engine: Version, api: ApiVersion };
    },

    async info() {
      const answer = client.repeat('read the state of the engine', (docker) => docker.info());
      const { ID, NCPU, MemTotal, Architecture, DockerRootDir } = await readAnswer(infoAnswer, answer);
      return { id: ID, cpus: NCPU, memory: MemTotal, architecture: Architecture, dataRoot: DockerRootDir };
    },
  };
}

const versionAnswer = object({ Version: string(), ApiVersion: string() });
const infoAnswer = object({
  ID: string(),
  NCPU: number(),
  MemTotal: number(),
  Architecture: nullish(string(), ''),
  DockerRootDir: string(),
});
