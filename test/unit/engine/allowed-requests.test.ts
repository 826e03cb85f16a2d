import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';

import { connectEngine } from '../../../src/engine/connect-engine.ts';
import type { ContainerId, Engine, ExecId } from '../../../src/engine/engine.ts';
import { nameRequest, readAllowedRequests } from '../../support/allowed-requests.ts';

const id = '7b1c'.repeat(16) as ContainerId;
const exec = '04dd'.repeat(16) as ExecId;
const command = ['true'];
const { signal } = new AbortController();

/** A call of everything that an engine is asked for. */
const calls: { readonly [Name in Exclude<keyof Engine, 'address'>]: (engine: Engine) => Promise<unknown> } = {
  version: (engine) => engine.version(),
  info: (engine) => engine.info(),
  inspectImage: (engine) => engine.inspectImage('localhost:1/none/none:none'),
  imagesWithLabel: (engine) => engine.imagesWithLabel('none'),
  pullImage: (engine) => engine.pullImage('none', () => {}, signal),
  tagImage: (engine) => engine.tagImage('none/none', 'other'),
  removeImage: (engine) => engine.removeImage('none@sha256:0'),
  createContainer: (engine) => engine.createContainer('none', { image: 'none', command, mounts: [] }),
  holdStdin: (engine) => engine.holdStdin(id),
  startContainer: (engine) => engine.startContainer(id),
  inspectContainer: (engine) => engine.inspectContainer('none_none.none-none'),
  containersWithVolume: (engine) => engine.containersWithVolume('none'),
  containersWithLabel: (engine) => engine.containersWithLabel('none'),
  renameContainer: (engine) => engine.renameContainer(id, 'other'),
  killContainer: (engine) => engine.killContainer(id, 'SIGKILL'),
  waitContainer: (engine) => engine.waitContainer(id, signal),
  removeContainer: (engine) => engine.removeContainer(id),
  statPath: (engine) => engine.statPath(id, '/none'),
  readArchive: (engine) => engine.readArchive(id, '/none'),
  writeArchive: (engine) => engine.writeArchive(id, '/none', Readable.from([])),
  changedPaths: (engine) => engine.changedPaths(id),
  execAttached: (engine) => engine.execAttached(id, { command }),
  execDetached: (engine) => engine.execDetached(id, { command }),
  resizeExec: (engine) => engine.resizeExec(exec, { columns: 80, rows: 24 }),
  execExitCode: (engine) => engine.execExitCode(exec),
  commitContainer: (engine) => engine.commitContainer(id, { name: 'none', changes: [] }),
  importImage: (engine) => engine.importImage(Readable.from([]), { name: 'none', changes: [] }),
  createVolume: (engine) => engine.createVolume('none', {}),
  inspectVolume: (engine) => engine.inspectVolume('none'),
  volumesWithLabel: (engine) => engine.volumesWithLabel('none'),
  removeVolume: (engine) => engine.removeVolume('none'),
  createNetwork: (engine) => engine.createNetwork('none', {}),
  inspectNetwork: (engine) => engine.inspectNetwork('none'),
  connectNetwork: (engine) => engine.connectNetwork('none', id),
  removeNetwork: (engine) => engine.removeNetwork('none'),
};

test('the profile least-privilege lets through what an engine is asked for, line by line, and no more', async () => {
  const { requests, address } = await openEngine();
  const engine = await connectEngine({ DOCKER_HOST: address });
  // Most are refused: what counts is that they were made.
  for (const call of Object.values(calls)) await call(engine).catch(() => {});
  const asked = requests.map(nameRequest);
  const allowed = await readAllowedRequests();
  expect(asked.filter((request) => !allowed.some((pattern) => pattern.test(request)))).toEqual([]);
  expect(allowed.filter((pattern) => !asked.some((request) => pattern.test(request)))).toEqual([]);
});

test('a line of the profile least-privilege allows one method and one path', async () => {
  expect((await readAllowedRequests()).filter(({ source }) => !/^\^[A-Z]+ [^|]*\$$/.test(source))).toEqual([]);
});

/** An engine that has nothing, but makes execs. */
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
