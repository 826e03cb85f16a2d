import {
  array,
  boolean,
  nullish,
  number,
  object,
  optional,
  pipe,
  record,
  string,
  transform,
  type InferOutput,
} from 'valibot';

import { containerId, imageId } from './answer.ts';
import type { Container, ContainerState, Mount } from '../containers.ts';

/** The states of Docker, and those of Podman with the state of Docker that each stands for. */
const states: Readonly<Record<string, ContainerState>> = {
  created: 'created',
  running: 'running',
  paused: 'paused',
  restarting: 'restarting',
  removing: 'removing',
  exited: 'exited',
  dead: 'dead',
  configured: 'created',
  initialized: 'created',
  stopping: 'running',
  stopped: 'exited',
};

/** Any other state is `dead`: nothing can be done in it. */
const stateAnswer = pipe(
  string(),
  transform((status): ContainerState => states[status] ?? 'dead'),
);

const mountAnswer = object({
  Type: optional(string()),
  Name: optional(string()),
  Source: optional(string(), ''),
  Destination: string(),
  RW: optional(boolean(), false),
});

/** The parts of `GET /containers/{id}/json` that are used. Engines from 29 on leave empty fields out. */
export const containerAnswer = object({
  Id: containerId,
  Name: string(),
  Image: imageId,
  State: object({
    Status: stateAnswer,
    StartedAt: optional(string(), ''),
    ExitCode: optional(number(), 0),
    OOMKilled: optional(boolean(), false),
  }),
  HostConfig: object({ AutoRemove: optional(boolean(), false), VolumesFrom: nullish(array(string()), []) }),
  GraphDriver: nullish(object({ Data: nullish(object({ UpperDir: optional(string()) })) })),
  Config: object({ Labels: nullish(record(string(), string()), {}) }),
  Mounts: nullish(array(mountAnswer), []),
});

/** The container that the engine described. */
export function containerOf(answer: InferOutput<typeof containerAnswer>): Container {
  const { State, HostConfig, GraphDriver, Config, Mounts } = answer;
  return {
    id: answer.Id,
    name: answer.Name.replace(/^\//, ''),
    image: answer.Image,
    state: State.Status,
    startedAt: State.StartedAt,
    exitCode: State.ExitCode,
    oomKilled: State.OOMKilled,
    labels: Config.Labels,
    autoRemove: HostConfig.AutoRemove,
    volumesFrom: HostConfig.VolumesFrom.map((from) => from.replace(/:(ro|rw|z|Z)+$/, '')),
    mounts: Mounts.map(mountOf).toSorted((a, b) => (a.target < b.target ? -1 : 1)),
    upperDir: GraphDriver?.Data?.UpperDir,
  };
}

function mountOf({ Type, Name, Source, Destination, RW }: InferOutput<typeof mountAnswer>): Mount {
  const type = Type === 'volume' || Type === 'bind' || Type === 'tmpfs' ? Type : 'other';
  return { type, source: type === 'volume' ? (Name ?? Source) : Source, target: Destination, readOnly: !RW };
}
