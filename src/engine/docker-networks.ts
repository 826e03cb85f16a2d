import { unlessAbsent, unlessRefused } from './absent.ts';
import type { DockerClient } from './docker-client.ts';
import { type ContainerId, EngineRefusal } from './engine.ts';
import type { Network, Networks } from './networks.ts';

/** Keeps the host itself out of a bridge; an option of Docker's own driver. */
const withoutHost = { 'com.docker.network.bridge.inhibit_ipv4': 'true' };

/** Networks of the driver `bridge`. */
export function networkCalls(client: DockerClient): Networks {
  async function create(
    name: string,
    labels: Readonly<Record<string, string>>,
    options: Record<string, string>,
  ): Promise<void> {
    const body = {
      Name: name,
      Driver: 'bridge',
      Internal: true,
      // Engines before 25 make several of one name otherwise.
      CheckDuplicate: true,
      Labels: { ...labels },
      Options: options,
    };
    // 409: there is one.
    await unlessRefused(
      client.repeat(`create network ${name}`, (docker) => docker.createNetwork(body)),
      409,
    );
  }

  return {
    async createNetwork(name, labels) {
      try {
        await create(name, labels, withoutHost);
      } catch (error) {
        // Podman's driver knows no such option, and says so.
        if (!(error instanceof EngineRefusal && /option|inhibit_ipv4/i.test(error.message))) throw error;
        await create(name, labels, {});
      }
    },

    async inspectNetwork(name) {
      const found = await unlessAbsent(
        client.repeat(`inspect network ${name}`, (docker) => docker.getNetwork(name).inspect()),
      );
      return found === undefined ? undefined : networkOf(found as NetworkAnswer);
    },

    async connectNetwork(name, container) {
      const connected = client.repeat(`connect container ${container} to network ${name}`, (docker) =>
        docker.getNetwork(name).connect({ Container: container }),
      );
      await connected.catch((error: unknown) => {
        if (!(error instanceof EngineRefusal && /already (exists|connected|attached)/.test(error.message))) throw error;
      });
    },

    async removeNetwork(name) {
      await unlessAbsent(client.repeat(`remove network ${name}`, (docker) => docker.getNetwork(name).remove()));
    },
  };
}

/** What is used of the answer. */
interface NetworkAnswer {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string }[] | null };
  readonly Containers?: Readonly<Record<string, { readonly IPv4Address?: string }>> | null;
}

function networkOf({ Name, Labels, IPAM, Containers }: NetworkAnswer): Network {
  return {
    name: Name,
    labels: Labels ?? {},
    subnets: (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []),
    endpoints: Object.entries(Containers ?? {}).map(([id, { IPv4Address = '' }]) => ({
      container: id as ContainerId,
      address: IPv4Address.replace(/\/\d+$/, ''),
    })),
  };
}
