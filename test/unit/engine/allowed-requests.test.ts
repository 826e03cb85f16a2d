import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import { nameRequest, readAllowedRequests } from '../../support/engine-server/allowed-requests.ts';
import { everyCall, exec } from './every-call.ts';

/** The calls with which images go from one engine to another: a build on one engine needs none of them. */
const ofFurtherEngines: readonly string[] = ['saveImage', 'loadImages'];

test('the profile least-privilege allows each request of a build on one engine, and has no line for another', async () => {
  const { requests, address } = await openEngine();
  const engine = await connectEngine({ DOCKER_HOST: address });
  // The fake server refuses most calls; the test only compares the requests.
  for (const [name, call] of Object.entries(everyCall))
    if (!ofFurtherEngines.includes(name)) await call(engine).catch(() => {});
  const asked = requests.map(nameRequest);
  const allowed = await readAllowedRequests();
  expect(asked.filter((request) => !allowed.some((pattern) => pattern.test(request)))).toEqual([]);
  expect(allowed.filter((pattern) => !asked.some((request) => pattern.test(request)))).toEqual([]);
});

test('a line of the profile least-privilege allows one method and one path', async () => {
  expect((await readAllowedRequests()).filter(({ source }) => !/^\^[A-Z]+ [^|]*\$$/.test(source))).toEqual([]);
});

/** An engine without any object that can only create execs. */
async function openEngine(): Promise<{ readonly requests: readonly string[]; readonly address: string }> {
  const requests: string[] = [];
  const directory = await mkdtemp(join(tmpdir(), 'allowed-requests-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const server = createServer(({ method, url = '' }, response) => {
    requests.push(`${method} ${url}`);
    if (url === '/version') response.end('{"Version":"20.10.24","ApiVersion":"1.41"}');
    else if (url.endsWith('/exec')) response.writeHead(201).end(JSON.stringify({ Id: exec }));
    else response.writeHead(404).end('{"message":"none"}');
  });
  onTestFinished(() => void server.close());
  await once(server.listen(join(directory, 'docker.sock')), 'listening');
  return { requests, address: `unix://${join(directory, 'docker.sock')}` };
}
