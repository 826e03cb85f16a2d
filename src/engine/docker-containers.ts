import { setTimeout as delay } from 'node:timers/promises';

import type { ContainerInspectInfo, ContainerWaitOptions } from 'dockerode';

import { Failure } from '../failure.ts';
import { unlessAbsent, unlessRefused } from './absent.ts';
import { createContainerBody } from './container-spec.ts';
import type { DockerClient } from './docker-client.ts';
import type { Container, ContainerId, ContainerState, Engine, ImageId, Mount } from './engine.ts';

type ContainerCalls = Pick<
  Engine,
  | 'createContainer'
  | 'startContainer'
  | 'inspectContainer'
  | 'containersWithVolume'
  | 'containersWithLabel'
  | 'renameContainer'
  | 'killContainer'
  | 'waitContainer'
  | 'removeContainer'
  | 'changedPaths'
>;

/** Containers from their creation to their removal, without their streams. */
export function containerCalls(client: DockerClient): ContainerCalls {
  async function inspectContainer(id: string): Promise<Container | undefined> {
    const found = await unlessAbsent(
      client.repeat(`inspect container ${id}`, (docker) => docker.getContainer(id).inspect()),
    );
    return found === undefined ? undefined : containerOf(found);
  }

  /** One `POST /wait`; false when its connection was cut, which says nothing about the container. */
  async function waitOnce(id: ContainerId, condition: string, signal?: AbortSignal): Promise<boolean> {
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

  return {
    inspectContainer,

    async createContainer(name, spec) {
      const body = createContainerBody(name, spec);
      const made = await client.call(`create container ${name}`, (docker) => docker.createContainer(body));
      return made.id as ContainerId;
    },

    async startContainer(id) {
      // 304: it runs already.
      await unlessRefused(
        client.repeat(`start container ${id}`, (docker) => docker.getContainer(id).start()),
        304,
      );
    },

    async containersWithVolume(volume) {
      const found = await client.repeat(`list containers with volume ${volume}`, (docker) =>
        docker.listContainers({ all: true, filters: { volume: [volume] } }),
      );
      // The filter also takes the volume's name for a path in the container.
      return found
        .filter(({ Mounts }) => Mounts.some(({ Name }) => Name === volume))
        .map(({ Id }) => Id as ContainerId);
    },

    async containersWithLabel(label) {
      const found = await client.repeat(`list containers with label ${label}`, (docker) =>
        docker.listContainers({ all: true, filters: { label: [label] } }),
      );
      return found.map(({ Id }) => Id as ContainerId);
    },

    async renameContainer(id, name) {
      const renamed = unlessRefused(
        client.call(`rename container ${id} to ${name}`, async (docker) => {
          await docker.getContainer(id).rename({ name });
          return true;
        }),
        409,
      );
      return (await renamed) ?? false;
    },

    async killContainer(id, signal) {
      // 409: it does not run.
      const killed = client.call(`kill container ${id}`, (docker) => docker.getContainer(id).kill({ signal }));
      await unlessRefused(unlessAbsent(killed), 409);
    },

    async waitContainer(id, signal) {
      while (!(await waitOnce(id, 'not-running', signal))) {
        const found = await inspectContainer(id);
        if (found === undefined || !livingStates.has(found.state)) return;
        await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    },

    async removeContainer(id) {
      const removal = client.repeat(`remove container ${id}`, async (docker) => {
        await docker.getContainer(id).remove({ force: true, v: true });
        return true;
      });
      // 409: somebody else, such as --rm, is removing it at this moment.
      const removed = await unlessRefused(
        unlessAbsent(removal).then(() => true),
        409,
      );
      if (removed === undefined) await waitOnce(id, 'removed');
    },

    async changedPaths(id) {
      const changes: unknown = await client.repeat(`list changes of container ${id}`, (docker) =>
        docker.getContainer(id).changes(),
      );
      return ((changes ?? []) as readonly { Path: string }[]).map(({ Path }) => Path);
    },
  };
}

/** Between two waits whose connection was cut. */
const pauseMs = 100;

const livingStates: ReadonlySet<ContainerState> = new Set(['running', 'paused', 'restarting']);

function containerOf(answer: ContainerInspectInfo): Container {
  const { State, HostConfig, GraphDriver, Config } = answer;
  return {
    id: answer.Id as ContainerId,
    name: answer.Name.replace(/^\//, ''),
    image: answer.Image as ImageId,
    state: State.Status as ContainerState,
    startedAt: State.StartedAt,
    exitCode: State.ExitCode,
    oomKilled: State.OOMKilled,
    labels: Config.Labels ?? {},
    autoRemove: HostConfig.AutoRemove ?? false,
    volumesFrom: ((HostConfig.VolumesFrom ?? []) as readonly string[]).map((from) =>
      from.replace(/:(ro|rw|z|Z)+$/, ''),
    ),
    mounts: answer.Mounts.map(mountOf).toSorted((a, b) => (a.target < b.target ? -1 : 1)),
    upperDir: (GraphDriver?.Data as Record<string, string> | null | undefined)?.['UpperDir'],
  };
}

function mountOf(answer: ContainerInspectInfo['Mounts'][number] & { Type?: string }): Mount {
  const type = answer.Type === 'volume' || answer.Type === 'bind' || answer.Type === 'tmpfs' ? answer.Type : 'other';
  return {
    type,
    source: type === 'volume' ? (answer.Name ?? answer.Source) : (answer.Source ?? ''),
    target: answer.Destination,
    readOnly: !answer.RW,
  };
}
