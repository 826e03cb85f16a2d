import { describe, expect, test } from 'vitest';

import { EngineRefusal, type RefusalKind } from '../../../src/engine/refusal.ts';

const id = '7b1c'.repeat(16);

/** Answers by kind of refusal: the HTTP status, the message, and the engine and the request that it comes from. */
const answers: Record<RefusalKind, readonly (readonly [number, string, string])[]> = {
  absent: [
    [404, `No such container: ${id}`, 'Docker 20.10 and 26.1, a container'],
    [404, 'No such image: nothing:latest', 'Docker 20.10 and 26.1, an image'],
    [404, `Could not find the file /no/such in container ${id}`, 'Docker 20.10, a path'],
    [404, 'network nothing not found', 'Docker 26.1, a network'],
    [404, 'HTTP status 404', 'an answer to HEAD, without words'],
    [500, `container ${id} does not exist in database: no such container`, 'Podman 4.3, a container that goes away'],
    [500, `retrieving exec session ${id} from container ${id}: no such exec session`, 'Podman 4.3, an exec'],
    [500, `${id} not found: layer not known`, 'Podman 5.4, the changes of a container'],
    [404, 'manifest for gentoo/stage3:never not found: manifest unknown: manifest unknown', 'Docker 20.10, a pull'],
    [
      404,
      "pull access denied for nothing, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      'Docker 26.1, a pull',
    ],
    [500, 'reading manifest never in docker.io/gentoo/stage3: manifest unknown', 'Podman 4.3, a pull'],
  ],
  conflict: [
    [
      409,
      `Conflict. The container name "/gentoo-c0de" is already in use by container "${id}".`,
      'Docker 20.10, a name',
    ],
    [409, `Container ${id} is not running`, 'Docker 26.1, an exec'],
    [409, `remove work: volume is in use - [${id}]`, 'Docker 26.1, a volume'],
    [403, `error while removing network: network distcc id ${id} has active endpoints`, 'Docker 20.10, a network'],
    [403, 'endpoint with name worker already exists in network distcc', 'Docker 26.1, connecting twice'],
    [
      500,
      `creating container storage: the container name "gentoo-c0de" is already in use by ${id}. You have to remove that container to be able to reuse that name: that name is already in use`,
      'Podman 4.3, a name',
    ],
    [
      500,
      `renaming container ${id}: updating container config table with new configuration for container ${id}: UNIQUE constraint failed: ContainerConfig.Name`,
      'Podman 5.4, a new name',
    ],
    [
      500,
      'can only create exec sessions on running containers: container state improper',
      'Podman 4.3, an exec in a stopped container',
    ],
    [
      500,
      `image used by ${id}: image is in use by a container: consider listing external containers and force-removing image`,
      'Podman 4.3, an image',
    ],
    [
      500,
      `volume work is being used by the following container(s): ${id}: volume is being used`,
      'Podman 4.3, a volume',
    ],
    [
      500,
      '"distcc" has associated containers with it. Use -f to forcibly delete containers and pods: network is being used',
      'Podman 4.3, a network',
    ],
  ],
  'mount-missing': [
    [400, 'invalid mount config for type "bind": bind source path does not exist: /no/such', 'Docker 20.10 and 26.1'],
  ],
  'no-space': [
    [500, 'Error processing tar file(exit status 1): write /usr/lib/x: no space left on device', 'Docker 20.10'],
    [500, 'write /var/lib/docker/tmp/x: disk quota exceeded', 'Docker 26.1'],
    [500, 'committing container: write /usr/lib/x: no space left on device', 'Podman 4.3'],
  ],
  denied: [
    [401, 'unauthorized: authentication required', 'Docker 26.1, a pull'],
    [403, 'authorization denied by plugin rules: commits are forbidden', 'Docker 20.10, a plugin'],
    [500, 'Head "https://registry.example/v2/x/manifests/latest": no basic auth credentials', 'Docker 20.10, a pull'],
    [500, 'received unexpected HTTP status: 401 Unauthorized', 'Docker 20.10, a pull'],
    [500, 'initializing source docker://x: requested access to the resource is denied', 'Podman 4.3, a pull'],
  ],
  'rate-limited': [
    [
      500,
      'toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
      'Docker 20.10 and 26.1',
    ],
    [429, 'HTTP status 429', 'Docker 26.1, by status'],
    [500, 'reading manifest latest in docker.io/gentoo/stage3: toomanyrequests: rate limit', 'Podman 4.3'],
  ],
  unreachable: [
    [
      500,
      'Get "https://registry.example/v2/": dial tcp: lookup registry.example on 127.0.0.11:53: no such host',
      'Docker 20.10 and 26.1, a pull',
    ],
    [
      500,
      'Get "https://registry.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
      'Docker 20.10, a pull',
    ],
    [
      500,
      'initializing source docker://registry.example/x: pinging container registry registry.example: Get "https://registry.example/v2/": dial tcp 127.0.0.1:443: connect: connection refused',
      'Podman 4.3, a pull',
    ],
    [504, 'HTTP status 504', 'a proxy that did not wait for the engine'],
  ],
  other: [
    [400, 'invalid reference format', 'Docker 20.10 and 26.1'],
    [500, `cannot remove container ${id} as it could not be stopped: given PIDs did not die`, 'Podman 4.3'],
    [500, 'device or resource busy', 'Docker 20.10'],
  ],
};

describe.each(Object.entries(answers))('a refusal of the kind %s', (kind, all) => {
  test.each(all)('%i %s (%s)', (status, words) => {
    expect(new EngineRefusal(status, words).kind).toBe(kind);
  });
});

test.each([
  [429, 'slow down', true],
  [500, 'received unexpected HTTP status: 502', true],
  [500, 'received unexpected HTTP status: 501', false],
  [503, 'HTTP status 503', true],
  [500, 'received unexpected HTTP status: 500 Internal Server Error', true],
  [500, 'read tcp 172.17.0.2:5050->1.2.3.4:443: read: connection reset by peer', true],
  [500, 'Get "https://registry.example/v2/": dial tcp 1.2.3.4:443: connect: connection refused', false],
  [404, 'manifest unknown', false],
  [401, 'unauthorized: authentication required', false],
])('a request that is refused by %i %s is worth another attempt: %s', (status, words, isTransient) => {
  expect(new EngineRefusal(status, words).isTransient).toBe(isTransient);
});
