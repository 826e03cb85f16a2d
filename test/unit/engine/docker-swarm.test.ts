import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { connectSwarm } from '../../../src/engine/swarm/connect-swarm.ts';
import type { Swarm } from '../../../src/engine/swarm/swarm.ts';

/** A manager that gives each path its answer, in the form of Docker 20.10; an error is a refusal. */
async function managerThat(answers: Readonly<Record<string, unknown>>) {
  const directory = mkdtempSync(join(tmpdir(), 'manager-'));
  const path = join(directory, 'docker.sock');
  const requests: { readonly line: string; readonly body: unknown }[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/_ping') return void response.writeHead(200, { 'Api-Version': '1.41' }).end('OK');
    const line = `${request.method} ${decodeURIComponent(request.url ?? '').replace(/^\/v1\.41/, '')}`;
    const found = Object.entries(answers).find(([start]) => line.startsWith(start));
    void json(request)
      .catch(() => undefined)
      .then((body) => {
        requests.push({ line, body });
        const made: unknown = typeof found?.[1] === 'function' ? found[1]() : found?.[1];
        if (made instanceof Error) response.writeHead(500).end(JSON.stringify({ message: made.message }));
        else response.writeHead(found === undefined ? 404 : 200).end(JSON.stringify(made ?? { message: 'not found' }));
      });
  });
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  await once(server.listen(path), 'listening');
  return { swarm: await connectSwarm({ DOCKER_HOST: `unix://${path}` }), requests };
}

const ask = async (answers: Readonly<Record<string, unknown>>, question: (swarm: Swarm) => Promise<unknown>) =>
  question((await managerThat(answers)).swarm);

test('the mode of an engine is that of its answer to /info', async () => {
  const inactive = { NodeID: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '', RemoteManagers: null };
  expect(await ask({ 'GET /info': { Swarm: inactive } }, (swarm) => swarm.mode())).toEqual({
    ...{ state: 'inactive', error: '', node: '', isManager: false },
  });
  const active = { NodeID: 'n1', LocalNodeState: 'active', ControlAvailable: true };
  expect(await ask({ 'GET /info': { Swarm: active } }, (swarm) => swarm.mode())).toMatchObject({
    node: 'n1',
    isManager: true,
  });
});

test('nodes have their labels, state and availability', async () => {
  const two = {
    ID: 'n2',
    Spec: { Labels: { 'zentoo.builder': 'true' }, Role: 'worker', Availability: 'drain' },
    Description: { Hostname: 'host', Platform: { Architecture: 'x86_64', OS: 'linux' } },
    Status: { State: 'down', Addr: '10.0.0.2' },
  };
  expect(await ask({ 'GET /nodes': [two] }, (swarm) => swarm.nodes())).toEqual([
    {
      ...{ id: 'n2', hostname: 'host', labels: { 'zentoo.builder': 'true' }, isReady: false },
      ...{ availability: 'drain', architecture: 'x86_64' },
    },
  ]);
});

test('the labels of a node change in the version that was read, and again if another client was faster', async () => {
  let version = 6;
  const spec = { Labels: { zone: 'north' }, Role: 'manager', Availability: 'pause' };
  const { swarm, requests } = await managerThat({
    'GET /nodes/n1': () => ({ Version: { Index: ++version }, Spec: spec }),
    'POST /nodes/n1/update': () =>
      version < 9 ? new Error('rpc error: code = Unknown desc = update out of sequence') : {},
  });
  await swarm.changeLabels('n1', (labels) => ({ ...labels, more: '1' }));
  const updates = requests.filter(({ line }) => line.startsWith('POST'));
  expect(updates.map(({ line }) => line)).toEqual([7, 8, 9].map((index) => `POST /nodes/n1/update?version=${index}`));
  expect(updates.at(-1)?.body).toEqual({ ...spec, Labels: { zone: 'north', more: '1' } });
});

test('tasks have their node, state, error and addresses', async () => {
  const running = {
    NodeID: 'n2',
    CreatedAt: '2026-01-02T03:04:05.6Z',
    DesiredState: 'running',
    Status: { State: 'running', ContainerStatus: { ContainerID: 'abc' } },
    NetworksAttachments: [{ Network: {}, Addresses: ['10.0.1.3/24'] }],
  };
  const rejected = { NodeID: 'n3', DesiredState: 'shutdown', Status: { State: 'rejected', Err: 'No such image: x' } };
  const { swarm, requests } = await managerThat({ 'GET /tasks': [running, rejected] });
  expect(await swarm.tasks('proxy')).toMatchObject([
    {
      node: 'n2',
      state: 'running',
      desired: 'running',
      error: '',
      addresses: ['10.0.1.3'],
      created: new Date('2026-01-02T03:04:05.600Z'),
    },
    { node: 'n3', state: 'rejected', desired: 'shutdown', error: 'No such image: x', addresses: [] },
  ]);
  expect(requests.map(({ line }) => line)).toEqual(['GET /tasks?filters={"service":["proxy"]}']);
});

test('reservations are those of running tasks, in processors and bytes', async () => {
  const spec = (reservations: unknown) => ({ Spec: { Resources: { Limits: {}, Reservations: reservations } } });
  const { swarm, requests } = await managerThat({
    'GET /tasks': [
      { NodeID: 'n1', ...spec({ NanoCPUs: 1_500_000_000, MemoryBytes: 1024 }) },
      { NodeID: 'n2', ...spec({ MemoryBytes: 2048 }) },
      { ...spec({ NanoCPUs: 1_000_000_000 }) },
      { NodeID: 'n2', ...spec(undefined) },
      { NodeID: 'n2', Spec: { NetworkAttachmentSpec: {} } },
    ],
  });
  expect(await swarm.reservations()).toEqual([
    { node: 'n1', cpus: 1.5, memory: 1024 },
    { node: 'n2', cpus: 0, memory: 2048 },
  ]);
  expect(requests.map(({ line }) => line)).toEqual(['GET /tasks?filters={"desired-state":["running"]}']);
});

test('a global service has no port, ends for good with 0, and mounts nothing but what it is given', async () => {
  const { swarm, requests } = await managerThat({ 'POST /services/create': { ID: 's1' } });
  const id = await swarm.createGlobalService({
    ...{ name: 'proxy', labels: { a: 'b' }, image: 'sha256:abc', command: ['zentoo'], args: ['node-proxy'] },
    ...{
      constraints: ['node.id != n1'],
      binds: ['/var/run/docker.sock'],
      tmpfs: ['/var/cache/binpkgs'],
      network: 'net',
    },
    secrets: [{ id: 'x', name: 'proxy-key', file: 'key' }],
  });
  expect(id).toBe('s1');
  expect(requests[0]?.body).toMatchObject({
    ...{ Name: 'proxy', Labels: { a: 'b' }, Mode: { Global: {} }, EndpointSpec: { Mode: 'dnsrr' } },
    TaskTemplate: {
      ContainerSpec: {
        ...{ Image: 'sha256:abc', Command: ['zentoo'], Args: ['node-proxy'], Init: true },
        Mounts: [
          { Type: 'bind', Source: '/var/run/docker.sock', Target: '/var/run/docker.sock' },
          { Type: 'tmpfs', Target: '/var/cache/binpkgs' },
        ],
        Secrets: [{ SecretID: 'x', SecretName: 'proxy-key', File: { Name: 'key', UID: '0', GID: '0', Mode: 0o400 } }],
      },
      ...{ RestartPolicy: { Condition: 'on-failure' }, Placement: { Constraints: ['node.id != n1'] } },
      Networks: [{ Target: 'net' }],
    },
  });
});

test('services, secrets and networks are listed by a label', async () => {
  const Labels = { a: 'b' };
  const mounts = [
    { Type: 'bind', Source: '/var/run/docker.sock' },
    { Type: 'tmpfs', Target: '/x' },
  ];
  const spec = {
    Name: 'proxy',
    Labels,
    Mode: { Global: {} },
    TaskTemplate: { ContainerSpec: { Args: ['x'], Mounts: mounts } },
  };
  const { swarm, requests } = await managerThat({
    'GET /services': [
      { ID: 's1', Spec: spec },
      { ID: 's2', Spec: { ...spec, Mode: { Replicated: { Replicas: 1 } }, TaskTemplate: {} } },
    ],
    'GET /secrets': [{ ID: 'k1', Spec: { Name: 'proxy-key', Labels } }],
    'GET /networks': [{ Id: 'n1', Name: 'proxy', Labels, Driver: 'overlay' }],
  });
  expect(await swarm.services('a=b')).toEqual([
    { id: 's1', name: 'proxy', labels: Labels, isGlobal: true, args: ['x'], mounts: ['/var/run/docker.sock'] },
    { id: 's2', name: 'proxy', labels: Labels, isGlobal: false, args: [], mounts: [] },
  ]);
  expect(await swarm.secrets('a=b')).toEqual([{ id: 'k1', name: 'proxy-key', labels: Labels }]);
  expect(await swarm.networks('a=b')).toEqual([{ id: 'n1', name: 'proxy', labels: Labels, driver: 'overlay' }]);
  for (const { line } of requests) expect(line).toContain('filters={"label":["a=b"]}');
});

test('a secret is sent in base64, and an overlay network is attachable and reaches nothing outside', async () => {
  const { swarm, requests } = await managerThat({
    'POST /secrets/create': { ID: 'k1' },
    'POST /networks/create': { Id: 'n1' },
  });
  expect(await swarm.createSecret('proxy-key', 'text', { a: 'b' })).toBe('k1');
  expect(await swarm.createOverlay('proxy', { a: 'b' }, { encrypted: true })).toBe('n1');
  expect(requests.map(({ body }) => body)).toMatchObject([
    { Name: 'proxy-key', Labels: { a: 'b' }, Data: 'dGV4dA==' },
    {
      Name: 'proxy',
      Driver: 'overlay',
      Attachable: true,
      Internal: true,
      Labels: { a: 'b' },
      Options: { encrypted: '' },
    },
  ]);
});

test('what is gone already is removed, and a container is disconnected by force', async () => {
  const { swarm, requests } = await managerThat({});
  for (const removal of [swarm.removeService('s'), swarm.removeSecret('k'), swarm.removeOverlay('n')]) await removal;
  await swarm.disconnect('n', 'c');
  expect(requests.map(({ line }) => line)).toEqual([
    ...['DELETE /services/s', 'DELETE /secrets/k', 'DELETE /networks/n', 'POST /networks/n/disconnect'],
  ]);
  expect(requests.at(-1)?.body).toEqual({ Container: 'c', Force: true });
});
