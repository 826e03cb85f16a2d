import { unlessAbsent } from './absent.ts';
import type { DockerClient } from './docker-client.ts';
import type { Engine, Volume } from './engine.ts';

type VolumeCalls = Pick<Engine, 'createVolume' | 'inspectVolume' | 'volumesWithLabel' | 'removeVolume'>;

/** Volumes of the driver `local`. */
export function volumeCalls(client: DockerClient): VolumeCalls {
  return {
    async createVolume(name, labels) {
      await client.call(`create volume ${name}`, (docker) =>
        docker.createVolume({ Name: name, Labels: { ...labels } }),
      );
    },

    async inspectVolume(name) {
      const found = await unlessAbsent(
        client.call(`inspect volume ${name}`, (docker) => docker.getVolume(name).inspect()),
      );
      return found === undefined ? undefined : volumeOf(found);
    },

    async volumesWithLabel(label) {
      const answer = await client.call(`list volumes with label ${label}`, (docker) =>
        docker.listVolumes({ filters: { label: [label] } }),
      );
      return (answer.Volumes ?? []).map(volumeOf);
    },

    async removeVolume(name) {
      await unlessAbsent(client.call(`remove volume ${name}`, (docker) => docker.getVolume(name).remove()));
    },
  };
}

function volumeOf(answer: { Name: string; Labels?: Record<string, string> | null }): Volume {
  return { name: answer.Name, labels: answer.Labels ?? {} };
}
