import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatEngineAddress, parseEngineAddress } from '../../../src/engine/docker/engine-address.ts';
import { chooseEndpoint, isLoopback, pingEngine } from '../../../setup/engine/endpoint.js';

test('without DOCKER_HOST the default socket is the endpoint', () => {
  const standard = { url: 'unix:///var/run/docker.sock', socket: '/var/run/docker.sock' };
  expect(chooseEndpoint({})).toEqual(standard);
  for (const DOCKER_HOST of ['', ' ', 'unix://']) expect(chooseEndpoint({ DOCKER_HOST })).toEqual(standard);
});

test('DOCKER_HOST names a socket or an address', () => {
  expect(chooseEndpoint({ DOCKER_HOST: 'unix:///run/user/1/docker.sock' })).toMatchObject({
    socket: '/run/user/1/docker.sock',
  });
  expect(chooseEndpoint({ DOCKER_HOST: 'tcp://engine.example:2376' })).toMatchObject({
    host: 'engine.example',
    port: 2376,
  });
  expect(chooseEndpoint({ DOCKER_HOST: 'tcp://[::1]' })).toMatchObject({ host: '::1', port: 2375 });
});

test.each([
  ['localhost:2375', 'tcp://localhost:2375', 'localhost', 2375],
  [' builder\r\n', 'tcp://builder:2375', 'builder', 2375],
  ['tcp://:2376', 'tcp://localhost:2376', 'localhost', 2376],
  [':2376', 'tcp://localhost:2376', 'localhost', 2376],
  ['tcp://', 'tcp://localhost:2375', 'localhost', 2375],
])('DOCKER_HOST %j is %s, as for the programs', (value, url, host, port) => {
  const DOCKER_HOST = value;
  expect(chooseEndpoint({ DOCKER_HOST })).toEqual({ url, host, port });
  expect(formatEngineAddress(parseEngineAddress({ DOCKER_HOST }))).toBe(url);
});

test.each([
  [{ DOCKER_HOST: 'ssh://root@engine' }, 'SSH is not supported'],
  [{ DOCKER_HOST: 'unix://relative' }, 'names no engine'],
  [{ DOCKER_HOST: 'http://engine:2375' }, 'names no engine'],
  [{ DOCKER_HOST: 'tcp://user@engine' }, 'names no engine'],
  [{ DOCKER_HOST: 'tcp://engine:2376', DOCKER_TLS_VERIFY: '1' }, 'TLS is not supported'],
  [{ DOCKER_HOST: 'tcp://engine:2376', DOCKER_TLS: '1' }, 'TLS is not supported'],
  [{ DOCKER_HOST: 'ssh://root:secret@engine' }, 'DOCKER_HOST is ssh://root:***@engine, and'],
  [{ DOCKER_HOST: 'tcp://root:secret@engine' }, 'DOCKER_HOST is tcp://root:***@engine, which'],
])('%j is refused with status 10 and a hint', (env, why) => {
  expect(() => chooseEndpoint(env)).toThrow(
    expect.objectContaining({ status: 10, message: expect.stringContaining(why), hint: expect.any(String) }),
  );
});

test('addresses of this machine alone are told from others', () => {
  const hosts = ['localhost', '127.0.0.1', '127.1.2.3', '::1', '10.0.0.1', 'localhost.example'];
  expect(hosts.filter((host) => isLoopback({ url: '', host, port: 1 }))).toEqual(hosts.slice(0, 4));
});

test('an endpoint answers, answers with an error, or is not there', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'setup-endpoint-'));
  const socket = join(directory, 'engine.sock');
  const at = { url: `unix://${socket}`, socket };
  let status = 200;
  const server = createServer((_, response) => response.writeHead(status).end());
  try {
    expect(await pingEngine(at)).toMatchObject({ answers: false, code: 'ENOENT' });
    await new Promise<void>((listening) => server.listen(socket, listening));
    expect(await pingEngine(at)).toEqual({ answers: true });
    status = 500;
    expect(await pingEngine(at)).toMatchObject({ answers: false, why: 'it answered with HTTP status 500' });
  } finally {
    server.close();
    await rm(directory, { recursive: true });
  }
});
