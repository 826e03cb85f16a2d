import type { GlobalService } from './swarm.ts';

/** The seconds that a task has to end after SIGTERM, in nanoseconds. */
const graceNs = 1_000_000_000;

/** The body of `POST /services/create` (Docker Engine API 1.41). */
export function serviceBody(service: GlobalService) {
  return {
    Name: service.name,
    Labels: { ...service.labels },
    Mode: { Global: {} },
    TaskTemplate: {
      ContainerSpec: {
        Image: service.image,
        Command: [...service.command],
        Args: [...service.args],
        Init: true,
        StopGracePeriod: graceNs,
        Mounts: [
          ...service.binds.map((path) => ({ Type: 'bind', Source: path, Target: path }) as const),
          ...service.tmpfs.map((path) => ({ Type: 'tmpfs', Source: '', Target: path }) as const),
        ],
        Secrets: service.secrets.map(({ id, name, file }) => ({
          SecretID: id,
          SecretName: name,
          File: { Name: file, UID: '0', GID: '0', Mode: 0o400 },
        })),
      },
      RestartPolicy: { Condition: 'on-failure', Delay: 1_000_000_000 },
      Placement: { Constraints: [...service.constraints] },
      Networks: [{ Target: service.network }],
      LogDriver: { Name: 'json-file', Options: { 'max-size': '1m', 'max-file': '1' } },
    },
    // A virtual address would need ip_vs in the kernel of each node.
    EndpointSpec: { Mode: 'dnsrr' },
  };
}
