import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createRawServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { negotiateApi } from '../../../src/engine/api-version.ts';
import { connectEngine } from '../../../src/engine/connect-engine.ts';
import type { ContainerId } from '../../../src/engine/engine.ts';

describe('the version to speak', () => {
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
        message: expect.stringContaining(`API ${api}`),
      }),
    );
  });
});

describe('connecting', () => {
  test('speaks the version that was agreed on', async () => {
    const requests: string[] = [];
    const host = await listen((request, response) => {
      requests.push(request.url ?? '');
      response.end(request.url === '/version' ? version({ ApiVersion: '1.43' }) : '{"ID":"X"}');
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
  ])('asks an engine that says %s to a ping for its version only where that is not known', async (api, expected) => {
    const requests: string[] = [];
    const host = await listen(({ url = '' }, response) => {
      requests.push(url);
      if (url === '/_ping') response.writeHead(200, { 'api-version': api }).end('OK');
      else response.end(url === '/version' ? version({ ApiVersion: '1.52', MinAPIVersion: '1.44' }) : '{"ID":"X"}');
    });
    const engine = await connectEngine({ DOCKER_HOST: host });
    await engine.info();
    expect(requests).toEqual(expected);
  });

  test('by TCP', async () => {
    const server = createServer((_, response) => response.end(version({}))).listen(0, '127.0.0.1');
    await listening(server);
    const { port } = server.address() as { port: number };
    const engine = await connectEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });
    expect(engine.address).toBe(`tcp://127.0.0.1:${port}`);
    expect(await engine.version()).toEqual({ engine: '20.10.24', api: '1.41' });
  });

  test('an old engine is told both versions', async () => {
    const host = await listen((_, response) => response.end(version({ Version: '19.03.15', ApiVersion: '1.40' })));
    await expect(connectEngine({ DOCKER_HOST: host })).rejects.toMatchObject({
      code: 'engine-too-old',
      message: 'failed to use Docker engine 19.03.15: its API 1.40 is older than 1.41',
    });
  });

  test.each([
    ['a web server', 'what answers is not a Docker engine', (): string => '<html></html>'],
    ['another program', 'what answers is not a Docker engine', (): string => '{"status":"ok"}'],
  ])('%s is no engine', async (_, message, answer) => {
    const host = await listen((_request, response) => response.end(answer()));
    const failure = { code: 'engine-unreachable', message: expect.stringContaining(message) };
    await expect(connectEngine({ DOCKER_HOST: host })).rejects.toMatchObject(failure);
  });

  test('an engine that fails is not reached, one that forbids denies', async () => {
    let status = 500;
    const host = await listen((_, response) => response.writeHead(status).end('{"message":"because"}'));
    const failed = { code: 'engine-unreachable', message: expect.stringContaining('because') };
    await expect(connectEngine({ DOCKER_HOST: host })).rejects.toMatchObject(failed);
    status = 403;
    const denied = { code: 'engine-denied', message: expect.stringContaining('because') };
    await expect(connectEngine({ DOCKER_HOST: host })).rejects.toMatchObject(denied);
  });

  test('a refusal without words is told by its status', async () => {
    const host = await listen(({ url }, response) =>
      url === '/version' ? response.end(version({})) : response.writeHead(403).end(),
    );
    const engine = await connectEngine({ DOCKER_HOST: host });
    const refusal = { status: 403, message: 'HTTP status 403' };
    await expect(engine.statPath('x' as ContainerId, '/')).rejects.toMatchObject(refusal);
  });

  test('what hangs up is no engine', async () => {
    const path = socketPath();
    const server = createRawServer((socket) => socket.destroy()).listen(path);
    onTestFinished(() => void server.close());
    await expect(connectEngine({ DOCKER_HOST: `unix://${path}` })).rejects.toMatchObject({
      code: 'engine-unreachable',
    });
  });

  test('nobody listens any more', async () => {
    const port = await freePort();
    const failure = { code: 'engine-unreachable', message: expect.stringContaining('ECONNREFUSED') };
    await expect(connectEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).rejects.toMatchObject(failure);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await listening(server);
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function version(parts: Readonly<Record<string, string>>): string {
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
