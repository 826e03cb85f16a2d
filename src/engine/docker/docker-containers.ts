import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import type { ContainerWaitOptions } from 'dockerode';
import { array, nullish, object, optional, string } from 'valibot';

import { Failure } from '../../failure.ts';
import { containerId, readAnswer, unlessAbsent, unlessRefused } from './answer.ts';
import { containerAnswer, containerOf } from './container-answer.ts';
import { createContainerBody } from './container-spec.ts';
import type { Container, Containers, ContainerState } from '../containers.ts';
import { dockerArchives } from './docker-archives.ts';
import { type DockerClient, acceptBelow400 } from './docker-client.ts';
import { hijacked, inputOf } from './docker-streams.ts';
import type { EngineFlavour } from '../engine.ts';
import type { ContainerId } from '../identifiers.ts';

/** The {@link Containers} of an engine over dockerode. */
export function dockerContainers(client: DockerClient, flavour: EngineFlavour): Containers {
  return { ...creation(client), ...removal(client, flavour), ...inquiries(client), ...dockerArchives(client) };
}

type Creation = Pick<Containers, 'createContainer' | 'holdStdin' | 'startContainer' | 'renameContainer'>;

/** The methods from the creation of a container to its start. */
function creation(client: DockerClient): Creation {
  return {
    async createContainer(name, spec) {
      const body = createContainerBody(name, spec);
      const answer = client.call(`create container ${name}`, (docker) => docker.createContainer(body));
      return (await readAnswer(createdContainer, answer)).id;
    },

    async holdStdin(id) {
      const attached = await client.call(`attach to container ${id}`, (docker) =>
        docker.getContainer(id).attach({ stream: true, stdin: true, stdout: true, hijack: true }),
      );
      const socket = hijacked(attached as Duplex);
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      socket.once('close', resolve);
      // The output is read and dropped; otherwise process 1 would block once the buffers are full.
      socket.on('data', () => client.hear()).resume();
      return { ended, ...inputOf(socket) };
    },

    async startContainer(id) {
      await client.repeat(`start container ${id}`, (docker) => acceptBelow400(docker.getContainer(id).start()));
    },

    async renameContainer(id, name) {
      const renamed = client.call(`rename container ${id} to ${name}`, async (docker) => {
        await docker.getContainer(id).rename({ name });
        return true;
      });
      return (await unlessRefused(renamed, 'conflict')) ?? false;
    },
  };
}

type Removal = Pick<Containers, 'killContainer' | 'waitContainer' | 'removeContainer'>;

/** The methods that end a container and remove it. */
function removal(client: DockerClient, flavour: EngineFlavour): Removal {
  return {
    killContainer: (id, signal) => killContainer(client, id, signal),

    async waitContainer(id, signal) {
      while (!(await waitOnce(client, id, 'not-running', signal))) {
        const found = await inspectContainer(client, id);
        if (found === undefined || !livingStates.has(found.state)) return;
        await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    },

    async removeContainer(id) {
      // Podman would send SIGTERM and wait 10 s for a process 1 that ignores it.
      if (flavour === 'podman') await killContainer(client, id, 'SIGKILL');
      const removing = client.repeat(`remove container ${id}`, async (docker) => {
        await docker.getContainer(id).remove({ force: true, v: true });
      });
      const removed = unlessAbsent(removing).then(() => true);
      // The engine answers `conflict` if another request, or --rm, is removing the container right now.
      if ((await unlessRefused(removed, 'conflict')) === undefined) await waitOnce(client, id, 'removed');
    },
  };
}

async function killContainer(client: DockerClient, id: ContainerId, signal: string): Promise<void> {
  const killed = client.call(`kill container ${id}`, (docker) => docker.getContainer(id).kill({ signal }));
  // Conflict: the container does not run.
  await unlessRefused(unlessAbsent(killed), 'conflict');
}

type Inquiries = Pick<Containers, 'inspectContainer' | 'containersWithVolume' | 'containersWithLabel' | 'changedPaths'>;

/** The methods that read the state of containers. */
function inquiries(client: DockerClient): Inquiries {
  return {
    inspectContainer: (id) => inspectContainer(client, id),

    async containersWithVolume(volume) {
      const answer = client.repeat(`list containers with volume ${volume}`, (docker) =>
        docker.listContainers({ all: true, filters: { volume: [volume] } }),
      );
      // The filter also matches containers with a mount point of that name.
      return (await readAnswer(containerList, answer))
        .map(({ Id, Names, Mounts }) => ({
          id: Id,
          name: Names[0]?.replace(/^\//, '') ?? '',
          mounts: Mounts.filter(({ Name }) => Name === volume),
        }))
        .filter(({ mounts }) => mounts.length > 0)
        .map(({ id, name, mounts }) => ({ id, name, targets: mounts.flatMap(({ Destination }) => Destination ?? []) }));
    },

    async containersWithLabel(label) {
      const answer = client.repeat(`list containers with label ${label}`, (docker) =>
        docker.listContainers({ all: true, filters: { label: [label] } }),
      );
      return (await readAnswer(containerList, answer)).map(({ Id }) => Id);
    },

    async changedPaths(id) {
      const answer = client.repeat(`list changes of container ${id}`, (docker) => docker.getContainer(id).changes());
      return (await readAnswer(changeList, answer)).map(({ Path }) => Path);
    },
  };
}

async function inspectContainer(client: DockerClient, id: string): Promise<Container | undefined> {
  const answer = client.repeat(`inspect container ${id}`, (docker) => docker.getContainer(id).inspect());
  const found = await unlessAbsent(readAnswer(containerAnswer, answer));
  return found === undefined ? undefined : containerOf(found);
}

/** Sends one `POST /wait`. Returns false if its connection was cut, which says nothing about the container. */
async function waitOnce(
  client: DockerClient,
  id: ContainerId,
  condition: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const options = { condition, ...(signal === undefined ? {} : { abortSignal: signal }) } as ContainerWaitOptions;
  try {
    const step = `wait for container ${id}`;
    await unlessAbsent(client.call(step, (docker) => docker.getContainer(id).wait(options), signal));
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === 'engine-lost') return false;
    throw error;
  }
}

/** The pause between a wait whose connection was cut and the next wait. */
const pauseMs = 100;

const livingStates: ReadonlySet<ContainerState> = new Set(['running', 'paused', 'restarting']);

/** The id in the answer; dockerode wraps the answer in an object that has the same field. */
const createdContainer = object({ id: containerId });
const containerList = array(
  object({
    Id: containerId,
    Names: nullish(array(string()), []),
    Mounts: nullish(array(object({ Name: optional(string()), Destination: optional(string()) })), []),
  }),
);
const changeList = nullish(array(object({ Path: string() })), []);
