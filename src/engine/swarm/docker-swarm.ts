import { array, boolean, looseObject, nullish, number, object, optional, picklist, record, string } from 'valibot';
import { readAnswer, unlessAbsent } from '../docker/answer.ts';
import type { DockerClient } from '../docker/docker-client.ts';
import { EngineRefusal } from '../refusal.ts';
import { serviceBody } from './service-body.ts';
import type { Swarm } from './swarm.ts';

/** The {@link Swarm} of an engine over dockerode. */
export function dockerSwarm(client: DockerClient): Swarm {
  return { ...members(client), ...services(client), ...secrets(client), ...networks(client) };
}

function members(client: DockerClient): Pick<Swarm, 'mode' | 'nodes' | 'changeLabels'> {
  return {
    async mode() {
      const answer = client.repeat('read the state of the swarm', (docker) => docker.info());
      const { LocalNodeState, Error: error, NodeID, ControlAvailable } = (await readAnswer(infoAnswer, answer)).Swarm;
      return { state: LocalNodeState, error, node: NodeID, isManager: ControlAvailable };
    },

    async nodes() {
      const answer = client.repeat('list the nodes of the swarm', (docker) => docker.listNodes());
      return (await readAnswer(nodeList, answer)).map(({ ID, Spec, Description, Status }) => ({
        ...{ id: ID, hostname: Description.Hostname, labels: Spec.Labels, isReady: Status.State === 'ready' },
        ...{ availability: Spec.Availability, architecture: Description.Platform.Architecture },
      }));
    },

    async changeLabels(node, change) {
      const step = `change the labels of the node ${node}`;
      for (let attempt = 1; ; attempt++) {
        const answer = client.repeat(step, (docker): Promise<unknown> => docker.getNode(node).inspect());
        const { Version, Spec } = await readAnswer(nodeAnswer, answer);
        const given = { _query: { version: Version.Index }, _body: { ...Spec, Labels: { ...change(Spec.Labels) } } };
        try {
          await client.call(step, (docker) => docker.getNode(node).update(given));
          return;
        } catch (error) {
          const isOutdated = error instanceof EngineRefusal && /out of sequence/.test(error.message);
          if (!isOutdated || attempt === attempts) throw error;
        }
      }
    },
  };
}

/** The number of attempts to change an object that other clients change, too. */
const attempts = 10;

function services(
  client: DockerClient,
): Pick<Swarm, 'services' | 'tasks' | 'reservations' | 'createGlobalService' | 'removeService'> {
  return {
    async services(label) {
      const filters = { label: [label] };
      const answer = client.repeat('list services of the swarm', (docker) => docker.listServices({ filters }));
      return (await readAnswer(serviceList, answer)).map(({ ID, Spec: { Name, Labels, Mode, TaskTemplate } }) => ({
        ...{ id: ID, name: Name, labels: Labels, isGlobal: Mode.Global !== undefined },
        args: TaskTemplate.ContainerSpec.Args,
        mounts: TaskTemplate.ContainerSpec.Mounts.flatMap(({ Source }) => (Source === '' ? [] : [Source])),
      }));
    },

    async tasks(service) {
      const filters = { service: [service] };
      const answer = client.repeat('list tasks of the swarm', (docker) => docker.listTasks({ filters }));
      return (await readAnswer(taskList, answer)).map(({ NodeID, Status, DesiredState, CreatedAt, ...task }) => ({
        ...{ node: NodeID, state: Status.State, desired: DesiredState, error: Status.Err },
        addresses: task.NetworksAttachments.flatMap(({ Addresses }) => Addresses).map((one) =>
          one.replace(/\/\d+$/, ''),
        ),
        created: new Date(CreatedAt),
      }));
    },

    async reservations() {
      const filters = { 'desired-state': ['running'] };
      const answer = client.repeat('list tasks of the swarm', (docker) => docker.listTasks({ filters }));
      return (await readAnswer(reservationList, answer)).flatMap(({ NodeID, Spec }) => {
        const { NanoCPUs = 0, MemoryBytes = 0 } = Spec.Resources?.Reservations ?? {};
        const isNone = NodeID === '' || (NanoCPUs === 0 && MemoryBytes === 0);
        return isNone ? [] : [{ node: NodeID, cpus: NanoCPUs / 1e9, memory: MemoryBytes }];
      });
    },

    async createGlobalService(service) {
      const body = serviceBody(service);
      const answer = client.call(`create service ${service.name}`, (docker) => docker.createService(body));
      return (await readAnswer(createdService, answer)).id;
    },

    async removeService(id) {
      await unlessAbsent(client.repeat(`remove service ${id}`, (docker) => docker.getService(id).remove()));
    },
  };
}

function secrets(client: DockerClient): Pick<Swarm, 'secrets' | 'createSecret' | 'removeSecret'> {
  return {
    async secrets(label) {
      const filters = { label: [label] };
      const answer = client.repeat('list secrets of the swarm', (docker) => docker.listSecrets({ filters }));
      return (await readAnswer(secretList, answer)).map(({ ID, Spec }) => ({
        ...{ id: ID, name: Spec.Name, labels: Spec.Labels },
      }));
    },

    async createSecret(name, content, labels) {
      const body = { Name: name, Labels: { ...labels }, Data: Buffer.from(content).toString('base64') };
      const answer = client.call(`create secret ${name}`, (docker) => docker.createSecret(body));
      return (await readAnswer(createdSecret, answer)).id;
    },

    async removeSecret(id) {
      await unlessAbsent(client.repeat(`remove secret ${id}`, (docker) => docker.getSecret(id).remove()));
    },
  };
}

function networks(client: DockerClient): Pick<Swarm, 'networks' | 'createOverlay' | 'disconnect' | 'removeOverlay'> {
  return {
    async networks(label) {
      const filters = { label: [label] };
      const answer = client.repeat('list networks', (docker) => docker.listNetworks({ filters }));
      return (await readAnswer(networkList, answer)).map(({ Id, Name, Labels, Driver }) => ({
        ...{ id: Id, name: Name, labels: Labels, driver: Driver },
      }));
    },

    async createOverlay(name, labels, { encrypted }) {
      const body = {
        ...{ Name: name, Driver: 'overlay', Attachable: true, Internal: true, CheckDuplicate: true },
        ...{ Labels: { ...labels }, Options: encrypted ? { encrypted: '' } : {} },
      };
      const answer = client.call(`create network ${name}`, (docker) => docker.createNetwork(body));
      return (await readAnswer(createdNetwork, answer)).id;
    },

    async disconnect(network, container) {
      const request = client.repeat(`disconnect container ${container} from network ${network}`, (docker) =>
        docker.getNetwork(network).disconnect({ Container: container, Force: true }),
      );
      await unlessAbsent(request);
    },

    async removeOverlay(id) {
      await unlessAbsent(client.repeat(`remove network ${id}`, (docker) => docker.getNetwork(id).remove()));
    },
  };
}

const labels = nullish(record(string(), string()), {});
const infoAnswer = object({
  Swarm: object({
    LocalNodeState: picklist(['inactive', 'pending', 'active', 'error', 'locked']),
    Error: nullish(string(), ''),
    NodeID: nullish(string(), ''),
    ControlAvailable: nullish(boolean(), false),
  }),
});
const nodeAnswer = object({
  Version: object({ Index: number() }),
  // The update replaces all of it.
  Spec: looseObject({ Labels: labels }),
});
const nodeList = array(
  object({
    ID: string(),
    Spec: object({ Labels: labels, Availability: picklist(['active', 'pause', 'drain']) }),
    Description: object({
      Hostname: nullish(string(), ''),
      Platform: nullish(object({ Architecture: nullish(string(), '') }), { Architecture: '' }),
    }),
    Status: object({ State: string() }),
  }),
);
const serviceList = array(
  object({
    ID: string(),
    Spec: object({
      Name: string(),
      Labels: labels,
      Mode: object({ Global: optional(object({})) }),
      TaskTemplate: object({
        ContainerSpec: optional(
          object({
            Args: nullish(array(string()), []),
            Mounts: nullish(array(object({ Source: nullish(string(), '') })), []),
          }),
          {},
        ),
      }),
    }),
  }),
);
const taskList = array(
  object({
    NodeID: nullish(string(), ''),
    DesiredState: nullish(string(), ''),
    CreatedAt: nullish(string(), ''),
    Status: object({ State: nullish(string(), ''), Err: nullish(string(), '') }),
    NetworksAttachments: nullish(array(object({ Addresses: nullish(array(string()), []) })), []),
  }),
);
const reservationList = array(
  object({
    NodeID: nullish(string(), ''),
    Spec: object({
      Resources: nullish(
        object({ Reservations: nullish(object({ NanoCPUs: optional(number()), MemoryBytes: optional(number()) })) }),
      ),
    }),
  }),
);
const secretList = array(object({ ID: string(), Spec: object({ Name: string(), Labels: labels }) }));
const networkList = array(object({ Id: string(), Name: string(), Labels: labels, Driver: nullish(string(), '') }));
const createdService = object({ id: string() });
const createdSecret = object({ id: string() });
const createdNetwork = object({ id: string() });
