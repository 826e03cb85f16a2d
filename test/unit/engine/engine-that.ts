import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

import { onTestFinished } from 'vitest';

import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import type { Engine, EngineFlavour } from '../../../src/engine/engine.ts';

/** An engine whose server answers a ping itself, and every other request with `answer`. It ends with the test. */
export async function engineThat(answer: RequestListener, flavour: EngineFlavour = 'docker'): Promise<Engine> {
  const directory = mkdtempSync(join(tmpdir(), 'engine-that-'));
  const path = join(directory, 'docker.sock');
  const podman = flavour === 'podman' ? { 'Libpod-Api-Version': '4.3.1' } : {};
  const server = createServer((request, response) => {
    if (request.url === '/_ping') response.writeHead(200, { 'Api-Version': '1.41', ...podman }).end('OK');
    else answer(request, response);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  await once(server.listen(path), 'listening');
  return connectEngine({ DOCKER_HOST: `unix://${path}` });
}

/** A request as the engine receives it; the path has no API version. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Undefined if the request has no body in JSON. */
  readonly body: unknown;
}

/** An id that may be of a container, of an exec and of an image. */
export const anyId = '0'.repeat(64);

/** Makes one call on an engine that gives the same answer to every request, and returns the requests that it received. */
export async function requestsOf(
  call: (engine: Engine) => Promise<unknown>,
  answer: unknown = { Id: anyId },
  flavour: EngineFlavour = 'docker',
): Promise<readonly ReceivedRequest[]> {
  const requests: ReceivedRequest[] = [];
  const engine = await engineThat((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://engine');
    const path = pathname.replace(/^\/v\d+\.\d+/, '');
    const names = [...new Set(searchParams.keys())];
    const query = Object.fromEntries(names.map((name) => [name, searchParams.getAll(name).join(' and ')]));
    void json(request)
      .catch(() => undefined)
      .then((body) => {
        requests.push({ method: request.method ?? '', path, query, body });
        response.end(JSON.stringify(answer));
      });
  }, flavour);
  await call(engine);
  return requests;
}
