import { array, nullish, object, optional, record, string, unknown, type InferOutput } from 'valibot';

import { readAnswer, unlessAbsent } from './answer.ts';
import type { DockerClient } from './docker-client.ts';
import type { Volume, Volumes } from '../volumes.ts';

/** The {@link Volumes} of an engine over dockerode, all of the driver `local`. */
export function dockerVolumes(client: DockerClient): Volumes {
  return {
    async createVolume(name, labels) {
      await client.repeat(`create volume ${name}`, (docker) =>
        docker.createVolume({ Name: name, Labels: { ...labels } }),
      );
    },

    async inspectVolume(name) {
      const answer = client.repeat(`inspect volume ${name}`, (docker) => docker.getVolume(name).inspect());
      const found = await unlessAbsent(readAnswer(volumeAnswer, answer));
      return found === undefined ? undefined : volumeOf(found);
    },

    async volumesWithLabel(label) {
      const answer = client.repeat(`list volumes with label ${label}`, (docker) =>
        docker.listVolumes({ filters: { label: [label] } }),
      );
      return (await readAnswer(volumeList, answer)).Volumes.map(volumeOf);
    },

    async removeVolume(name) {
      await unlessAbsent(client.repeat(`remove volume ${name}`, (docker) => docker.getVolume(name).remove()));
    },
  };
}

const volumeAnswer = object({
  Name: string(),
  Driver: optional(string(), 'local'),
  Options: nullish(record(string(), unknown()), {}),
  Labels: nullish(record(string(), string()), {}),
});
const volumeList = object({ Volumes: nullish(array(volumeAnswer), []) });

function volumeOf({ Name, Driver, Options, Labels }: InferOutput<typeof volumeAnswer>): Volume {
  return { name: Name, labels: Labels, isPlain: Driver === 'local' && Object.keys(Options).length === 0 };
}
