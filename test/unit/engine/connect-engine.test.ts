import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createRawServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { negotiateApi } from '../../../src/engine/docker/api-version.ts';
import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import type { ContainerId } from '../../../src/engine/identifiers.ts';

/** An address at which no program listens: a free port of those that the system hands out could be another program's a moment later. */
const unheard = 'tcp://127.0.0.1:1';

describe('the API version', () => {
  const engine = (api: string): { engine: string; api: string } => ({ engine: '20.10.24', api });

  test.each([
    ['1.41', '1.12', '1.41'],
    ['1.43', '1.12', '1.43'],
    ['1.47', '1.24', '1.47'],
    ['1.52', '1.44', '1.47'],
    ['1.60', '1.50', '1.50'],
    ['2.0', '1.41', '1.47'],
  ])('of an engine with %s, not below %s, is %s', (api, minimum, spoken) => {
    expect(negotiateApi(engine(api), minimum)).toBe(spoken);
  });

  test.each(['1.40', '1.9', '0.99'])('does not exist for an engine with %s', (api) => {
    expect(() => negotiateApi(engine(api), '1.12')).toThrow(
      expect.objectContaining({
        code: 'engine-too-old',
        exitStatus: 12,
        message: `failed to use Docker engine 20.10.24: its API ${api} is older than 1.41`,
        hint: 'upgrade the engine: API 1.41 came with Docker 20.10',
      }),
    );
  });
});

describe('connecting', () => {
  test('uses the negotiated API version', async () => {
    const requests: string[] = [];
    const host = await listen((request, response) => {
      requests.push(request.url ?? '');
      response.end(
        request.url === '/version'
          ? version({ ApiVersion: '1.43' })
          : '{"ID":"X","NCPU":4,"MemTotal":1,"DockerRootDir":"/d"}',
      );
    });
    const engine = await connectEngine({ DOCKER_HOST: host });
    expect(engine.address).toBe(host);
    await engine.info();
    expect(requests).toEqual(['/_ping', '/version', '/v1.43/info']);
  });

  test.each([
    ['1.41', ['/_ping', '/v1.41/info']],
    ['1.47', ['/_ping', '/v1.47/info']],
    ['1.52', ['/_ping', '/version', '/v1.47/info']],
    ['1.40', ['/_ping', '/version', '/v1.47/info']],
    ['none', ['/_ping', '/version', '/v1.47/info']],
  ])('asks for the version only if the API version in the answer to the ping is unknown: %s', async (api, expected) => {
    const requests: string[] = [];
    const host = await listen(({ url = '' }, response) => {
      requests.push(url);
      if (url === '/_ping') response.writeHead(200, { 'api-version': api }).end('OK');
      else
        response.end(
          url === '/version'
            ? version({ ApiVersion: '1.52', MinAPIVersion: '1.44' })
            : '{"ID":"X","NCPU":4,"MemTotal":1,"DockerRootDir":"/d"}',
        );
    });
    const engine = await connectEngine({ DOCKER_HOST: host });
    await engine.info();
    expect(requests).toEqual(expected);
  });

  test('works over TCP', async () => {
    const server = createServer((_, response) => response.end(version({}))).listen(0, '127.0.0.1');
    await listening(server);
    const { port } = server.address() as { port: number };
    const engine = await connectEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });
    expect(engine.address).toBe(`tcp://127.0.0.1:${port}`);
    expect(await engine.version()).toEqual({ engine: '20.10.24', api: '1.41' });
  });

  test('fails for an old engine and names both API versions', async () => {
    const host = await listen((_, response) => response.end(version({ Version: '19.03.15', ApiVersion: '1.40' })));
    await expect(connectEngine({ DOCKER_HOST: host })).rejects.toMatchObject({
      code: 'engine-too-old',
      message: 'failed to use Docker engine 19.03.15: its API 1.40 is older than 1.41',
    });
  });

  test.each([
    ['a web server', 'the answer is not that of a Docker engine', (): string => '<html></html>'],
    ['another program', 'the answer is not that of a Docker engine', (): string => '{"status":"ok"}'],
  ])('fails as engine-unreachable if %s answers', async (_, message, answer) => {
    const host = await listen((_request, response) => response.end(answer()));
    const failure = { code: 'engine-unreachable', message: expect.stringContaining(message) };
    await expect(connectEngine({ DOCKER_HOST: host })).rejects.toMatchObject(failure);
  });

  test('fails as engine-unreachable at status 500 and as engine-denied at status 403', async () => {
    let status = 500;
    const host = await listen((_, response) => response.writeHead(status).end('{"message":"because"}'));
    const failed = { code: 'engine-unreachable', message: expect.stringContaining('because') };
    await expect(connectEngine({ DOCKER_HOST: host })).rejects.toMatchObject(failed);
    status = 403;
    const denied = { code: 'engine-denied', message: expect.stringContaining('because') };
    await expect(connectEngine({ DOCKER_HOST: host })).rejects.toMatchObject(denied);
  });

  test('names the HTTP status of a refusal without a message', async () => {
    const host = await listen(({ url }, response) =>
      url === '/version' ? response.end(version({})) : response.writeHead(403).end(),
    );
    const engine = await connectEngine({ DOCKER_HOST: host });
    const refusal = { kind: 'denied', message: 'HTTP status 403' };
    await expect(engine.statPath('x' as ContainerId, '/')).rejects.toMatchObject(refusal);
  });

  test.each([
    [500, 'the engine runs, over a socket', /docker version.*mount its socket with -v (\S+):\1$/],
    [403, 'the requests are allowed', /allow the requests in least-privilege\/allowed-requests$/],
  ])('has a hint at status %i to check that %s', async (status, _what, hint) => {
    const host = await listen((_, response) => response.writeHead(status).end('{"message":"because"}'));
    await expect(connectEngine({ DOCKER_HOST: host })).rejects.toMatchObject({
      message: `failed to ${status === 403 ? 'use' : 'reach'} the Docker engine at ${host}: because`,
      hint: expect.stringMatching(hint),
      cause: { kind: status === 403 ? 'denied' : 'other' },
    });
  });

  test.each([
    [{ 'Libpod-Api-Version': '4.3.1', 'Api-Version': '1.41' }, undefined, 'podman'],
    [{ 'Api-Version': '1.41' }, undefined, 'docker'],
    [{}, [{ Name: 'Podman Engine' }, { Name: 'Conmon' }], 'podman'],
    [{}, [{ Name: 'Engine' }, { Name: 'runc' }], 'docker'],
    [{}, null, 'docker'],
  ])('with the headers %j and the components %j finds %s', async (headers, Components, flavour) => {
    const host = await listen(({ url }, response) => {
      if (url === '/_ping') response.writeHead(200, headers).end('OK');
      else response.end(version({ Components }));
    });
    expect((await connectEngine({ DOCKER_HOST: host })).flavour).toBe(flavour);
  });

  test('over TCP has a hint at the variables of the environment', async () => {
    await expect(connectEngine({ DOCKER_HOST: unheard })).rejects.toMatchObject({
      message: expect.stringContaining(`failed to reach the Docker engine at ${unheard}: connect`),
      hint: expect.stringMatching(/DOCKER_HOST, and for TLS DOCKER_TLS_VERIFY and DOCKER_CERT_PATH/),
    });
  });

  test('fails as engine-unreachable if the connection is closed without an answer', async () => {
    const path = socketPath();
    const server = createRawServer((socket) => socket.destroy()).listen(path);
    onTestFinished(() => void server.close());
    await expect(connectEngine({ DOCKER_HOST: `unix://${path}` })).rejects.toMatchObject({
      code: 'engine-unreachable',
    });
  });

  test('fails as engine-unreachable if no program listens on the port', async () => {
    const failure = { code: 'engine-unreachable', message: expect.stringContaining('ECONNREFUSED') };
    await expect(connectEngine({ DOCKER_HOST: unheard })).rejects.toMatchObject(failure);
  });
});

function version(parts: object): string {
  return JSON.stringify({ Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12', ...parts });
}

function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'connect-engine-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, 'docker.sock');
}

async function listen(answer: RequestListener): Promise<string> {
  const path = socketPath();
  await listening(createServer(answer).listen(path));
  return `unix://${path}`;
}

async function listening(server: Server): Promise<void> {
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
}
