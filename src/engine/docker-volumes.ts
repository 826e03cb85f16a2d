import { unlessAbsent } from './absent.ts';
import type { DockerClient } from './docker-client.ts';
import type { Engine, Volume } from './engine.ts';

type VolumeCalls = Pick<Engine, 'createVolume' | 'inspectVolume' | 'volumesWithLabel' | 'removeVolume'>;

/** Volumes of the driver `local`. */
export function volumeCalls(client: DockerClient): VolumeCalls {
  return {
    async createVolume(name, labels) {
      await client.repeat(`create volume ${name}`, (docker) =>
        docker.createVolume({ Name: name, Labels: { ...labels } }),
      );
    },

    async inspectVolume(name) {
      const found = await unlessAbsent(
        client.repeat(`inspect volume ${name}`, (docker) => docker.getVolume(name).inspect()),
      );
      return found === undefined ? undefined : volumeOf(found);
    },

    async volumesWithLabel(label) {
      const answer = await client.repeat(`list volumes with label ${label}`, (docker) =>
        docker.listVolumes({ filters: { label: [label] } }),
      );
      return (answer.Volumes ?? []).map(volumeOf);
    },

    async removeVolume(name) {
      await unlessAbsent(client.repeat(`remove volume ${name}`, (docker) => docker.getVolume(name).remove()));
    },
  };
}

function volumeOf(answer: { Name: string; Labels?: Record<string, string> | null }): Volume {
  return { name: answer.Name, labels: answer.Labels ?? {} };
}
