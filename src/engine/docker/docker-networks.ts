import { array, boolean, nullish, object, optional, record, string, type InferOutput } from 'valibot';

import { containerId, readAnswer, unlessAbsent, unlessRefused } from './answer.ts';
import type { DockerClient } from './docker-client.ts';
import type { EngineFlavour } from '../engine.ts';
import { parseContainerId } from '../identifiers.ts';
import type { Network, Networks } from '../networks.ts';

/** Leaves the host without an address in the bridge. An option of Docker's driver; Podman's driver refuses it. */
const withoutHost = { 'com.docker.network.bridge.inhibit_ipv4': 'true' };

/** The {@link Networks} of an engine over dockerode, all of the driver `bridge`. */
export function dockerNetworks(client: DockerClient, flavour: EngineFlavour): Networks {
  return {
    async createNetwork(name, labels) {
      const body = {
        Name: name,
        Driver: 'bridge',
        Internal: true,
        // Without CheckDuplicate, engines before 25 make several networks with the same name.
        CheckDuplicate: true,
        Labels: { ...labels },
        Options: flavour === 'podman' ? {} : withoutHost,
      };
      const request = client.repeat(`create network ${name}`, (docker) => docker.createNetwork(body));
      await unlessRefused(request, 'conflict');
    },

    async inspectNetwork(name) {
      const answer = client.repeat(`inspect network ${name}`, (docker) => docker.getNetwork(name).inspect());
      const found = await unlessAbsent(readAnswer(networkAnswer, answer));
      if (found === undefined) return undefined;
      const network = networkOf(found);
      return flavour === 'podman' ? withoutStopped(client, network) : network;
    },

    async connectNetwork(name, container) {
      const request = client.repeat(`connect container ${container} to network ${name}`, (docker) =>
        docker.getNetwork(name).connect({ Container: container }),
      );
      await unlessRefused(request, 'conflict');
    },

    async removeNetwork(name) {
      await unlessAbsent(client.repeat(`remove network ${name}`, (docker) => docker.getNetwork(name).remove()));
    },
  };
}

const networkAnswer = object({
  Name: string(),
  Driver: optional(string(), ''),
  Internal: optional(boolean(), false),
  Labels: nullish(record(string(), string()), {}),
  IPAM: optional(object({ Config: nullish(array(object({ Subnet: optional(string()) })), []) })),
  Containers: nullish(record(string(), object({ IPv4Address: optional(string(), '') })), {}),
});

/** Podman also names the containers that do not run, some of them with the addresses that they had. */
async function withoutStopped(client: DockerClient, network: Network): Promise<Network> {
  const answer = client.repeat('list running containers', (docker) => docker.listContainers());
  const running = new Set((await readAnswer(runningContainers, answer)).map(({ Id }) => Id));
  return { ...network, endpoints: network.endpoints.filter(({ container }) => running.has(container)) };
}

const runningContainers = array(object({ Id: containerId }));

function networkOf({ Name, Driver, Internal, Labels, IPAM, Containers }: InferOutput<typeof networkAnswer>): Network {
  return {
    name: Name,
    labels: Labels,
    isIsolated: Driver === 'bridge' && Internal,
    subnets: (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []),
    // Docker also names endpoints that are no containers, such as those of a swarm: `lb-NETWORK`.
    endpoints: Object.entries(Containers).flatMap(([id, { IPv4Address }]) => {
      const container = parseContainerId(id);
      return container === undefined ? [] : [{ container, address: IPv4Address.replace(/\/\d+$/, '') }];
    }),
  };
}
