import { Readable } from 'node:stream';

import { describe, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import type { ContainerId, ExecId, ImageId } from '../../../src/engine/identifiers.ts';
import type { PullProgress } from '../../../src/engine/images.ts';
import { engineThat } from './engine-that.ts';

const id = '7b1c'.repeat(16) as ContainerId;
const imageId = `sha256:${'1'.repeat(64)}` as ImageId;
const ids = { one: '1'.repeat(64), bare: '2'.repeat(64), two: '3'.repeat(64), three: '4'.repeat(64) };
const { signal } = new AbortController();

/** An engine that answers every request with the same JSON. */
async function engineThatSays(json: unknown): Promise<Engine> {
  return engineThat((_, response) => void response.end(JSON.stringify(json)));
}

describe('an unexpected answer', () => {
  test.each<[string, unknown, string, (engine: Engine) => Promise<unknown>]>([
    ['an image', { Id: 5 }, 'Id', (engine) => engine.inspectImage('x')],
    ['images', { Id: 'x' }, 'Expected Array', (engine) => engine.imagesWithLabel('x')],
    [
      'a container',
      { Id: id, Name: '/x', Image: imageId, State: {} },
      'State',
      (engine) => engine.inspectContainer('x'),
    ],
    ['containers', [{ Id: 7 }], '0.Id', (engine) => engine.containersWithLabel('x')],
    ['changes', [{}], '0.Path', (engine) => engine.changedPaths(id)],
    ['an exec', { Running: 'no' }, 'Running', (engine) => engine.execExitCode('e' as ExecId)],
    ['a volume', {}, 'Name', (engine) => engine.inspectVolume('x')],
    ['volumes', { Volumes: [{ Name: 1 }] }, 'Volumes.0.Name', (engine) => engine.volumesWithLabel('x')],
    ['a network', { Name: 'x', Containers: 'none' }, 'Containers', (engine) => engine.inspectNetwork('x')],
    ['the state of the engine', { NCPU: '4' }, 'ID', (engine) => engine.info()],
    ['a version', 'hello', 'Expected Object', (engine) => engine.version()],
    ['a commit', {}, 'Id', (engine) => engine.commitContainer(id, { name: 'x', changes: [] })],
  ])('about %s is refused, and the message names the wrong field', async (_what, json, place, ask) => {
    const engine = await engineThatSays(json);
    await expect(ask(engine)).rejects.toMatchObject({
      name: 'EngineRefusal',
      kind: 'other',
      message: expect.stringMatching(`^unexpected answer.*${place}`) as string,
    });
  });

  test('of a path has a header that cannot be read', async () => {
    for (const header of ['', Buffer.from('{"name":1}').toString('base64')]) {
      const engine = await engineThat(
        (_, response) => void response.writeHead(200, { 'X-Docker-Container-Path-Stat': header }).end(),
      );
      await expect(engine.statPath(id, '/')).rejects.toThrow('no X-Docker-Container-Path-Stat');
    }
  });

  test('upgrades no connection', async () => {
    const engine = await engineThat((_, response) => void response.end('{}'));
    await expect(engine.holdStdin(id)).rejects.toThrow('did not upgrade the connection');
  });
});

describe('fields that an engine leaves out', () => {
  test('of a container and an image are empty', async () => {
    const container = await engineThatSays({
      ...{ Id: id, Name: '/x', Image: imageId, State: { Status: 'initialized' }, HostConfig: {}, Config: {} },
      Mounts: [{ Destination: '/a' }, { Type: 'bind', Source: '/host', Destination: '/b', RW: true }],
    });
    expect(await container.inspectContainer('x')).toMatchObject({
      ...{ state: 'created', startedAt: '', labels: {}, volumesFrom: [], upperDir: undefined },
      mounts: [
        { type: 'other', target: '/a', readOnly: true },
        { type: 'bind', source: '/host', target: '/b', readOnly: false },
      ],
    });
    const image = await engineThatSays({ Id: imageId });
    expect(await image.inspectImage('x')).toEqual({
      ...{
        id: imageId,
        names: [],
        digests: [],
        layers: [],
        labels: {},
        entrypoint: [],
        environment: [],
        user: '',
        volumes: [],
        created: '',
        size: 0,
      },
    });
  });

  test.each([
    ['created', 'created'],
    ['running', 'running'],
    ['paused', 'paused'],
    ['restarting', 'restarting'],
    ['removing', 'removing'],
    ['exited', 'exited'],
    ['dead', 'dead'],
    ['configured', 'created'],
    ['stopped', 'exited'],
    ['stopping', 'running'],
    ['a state of another engine', 'dead'],
  ])('a container that is %s is %s', async (Status, state) => {
    const engine = await engineThatSays({
      ...{ Id: id, Name: '/x', Image: imageId, State: { Status }, HostConfig: {}, Config: {}, Mounts: null },
    });
    expect(await engine.inspectContainer('x')).toMatchObject({ state });
  });
});

test('a container has its writable layer, the names of its volumes, and the containers whose volumes it uses', async () => {
  const answer = {
    ...{ Id: id, Name: '/x', Image: imageId, State: { Status: 'running' }, Config: {} },
    HostConfig: { VolumesFrom: ['one', 'two:ro', 'three:z'], AutoRemove: true },
    Mounts: [
      { Type: 'volume', Name: 'store', Source: '/var/lib/docker/volumes/store/_data', Destination: '/b', RW: true },
      { Type: 'volume', Source: '/anonymous', Destination: '/a' },
      { Type: 'tmpfs', Destination: '/c', RW: true },
    ],
  };
  const engine = await engineThatSays({ ...answer, GraphDriver: { Data: { UpperDir: '/upper' } } });
  expect(await engine.inspectContainer('x')).toMatchObject({
    ...{ name: 'x', upperDir: '/upper', autoRemove: true, volumesFrom: ['one', 'two', 'three'] },
    mounts: [
      { type: 'volume', source: '/anonymous', target: '/a', readOnly: true },
      { type: 'volume', source: 'store', target: '/b', readOnly: false },
      { type: 'tmpfs', source: '', target: '/c', readOnly: false },
    ],
  });
  const withoutLayer = await engineThatSays({ ...answer, GraphDriver: { Data: null } });
  expect(await withoutLayer.inspectContainer('x')).toMatchObject({ upperDir: undefined });
});

test('an image has the names and the digests that the user gave, and its entrypoint as a list', async () => {
  const answer = {
    ...{ Id: imageId, Created: '2026-01-01T00:00:00Z', Size: 7, RootFS: { Layers: ['a', 'b'] } },
    RepoTags: ['localhost/mine:v1', 'docker.io/library/debian:12', 'docker.io/gentoo/stage3:latest', 'quay.io/x:1'],
    RepoDigests: ['docker.io/gentoo/stage3@sha256:2'],
    Config: { Labels: { a: 'b' }, Entrypoint: '/bin/sh', Env: ['A=b=c'], Volumes: { '/v': {}, '/a': {} } },
  };
  const engine = await engineThat((_, response) => void response.end(JSON.stringify(answer)), 'podman');
  expect(await engine.inspectImage('x')).toEqual({
    ...{ id: imageId, created: '2026-01-01T00:00:00Z', size: 7, layers: ['a', 'b'], labels: { a: 'b' } },
    user: '',
    volumes: ['/a', '/v'],
    names: ['mine:v1', 'debian:12', 'gentoo/stage3:latest', 'quay.io/x:1'],
    digests: ['gentoo/stage3@sha256:2'],
    entrypoint: ['/bin/sh'],
    environment: ['A=b=c'],
  });
  const docker = await engineThatSays(answer);
  expect(await docker.inspectImage('x')).toMatchObject({ names: answer.RepoTags, digests: answer.RepoDigests });
});

test.each([
  ['file', 0o644],
  ['directory', 0x8000_0000 + 0o755],
  ['symlink', 0x0800_0000 + 0o777],
  ['other', 0x0200_0000],
  ['other', 0x0100_0000],
  ['other', 0x0420_0000],
  ['other', 0x0008_0000],
])('a path is of the kind %s if its mode is %i', async (kind, mode) => {
  const stat = { name: 'x', size: 5, mode, mtime: '2026-01-01T00:00:00Z', linkTarget: '/target' };
  const header = Buffer.from(JSON.stringify(stat)).toString('base64');
  const engine = await engineThat(
    (_, response) => void response.writeHead(200, { 'X-Docker-Container-Path-Stat': header }).end(),
  );
  const linkTarget = kind === 'symlink' ? '/target' : '';
  expect(await engine.statPath(id, '/x')).toEqual({
    ...{ name: 'x', size: 5, kind, linkTarget, modified: new Date('2026-01-01T00:00:00Z') },
  });
});

test('a container is not listed with a volume if only a mount point has the name of the volume', async () => {
  const engine = await engineThatSays([
    { Id: ids.one, Names: ['/name'], Mounts: [{ Name: 'store', Destination: '/data' }, { Name: 'other' }] },
    { Id: ids.bare, Mounts: [{ Name: 'store' }] },
    { Id: ids.two, Mounts: [{ Name: 'other' }, {}] },
    { Id: ids.three, Mounts: null },
  ]);
  expect(await engine.containersWithVolume('store')).toEqual([
    { id: ids.one, name: 'name', targets: ['/data'] },
    { id: ids.bare, name: '', targets: [] },
  ]);
});

test('a network has its subnets and the addresses of its containers, if it has any', async () => {
  const full = await engineThatSays({
    ...{ Name: 'n', Driver: 'bridge', Internal: true, Labels: { a: 'b' } },
    IPAM: { Config: [{ Subnet: '10.0.0.0/24' }, {}] },
    Containers: { [id]: { IPv4Address: '10.0.0.2/24' } },
  });
  expect(await full.inspectNetwork('n')).toEqual({
    ...{ name: 'n', labels: { a: 'b' }, isIsolated: true, subnets: ['10.0.0.0/24'] },
    endpoints: [{ container: id, address: '10.0.0.2' }],
  });
  const bare = { name: 'n', labels: {}, isIsolated: false, subnets: [], endpoints: [] };
  for (const IPAM of [undefined, { Config: null }]) {
    const engine = await engineThatSays({ Name: 'n', Labels: null, Containers: null, IPAM });
    expect(await engine.inspectNetwork('n')).toEqual(bare);
  }
});

test.each([
  [{ Driver: 'bridge', Internal: true }, true],
  [{ Driver: 'bridge', Internal: false }, false],
  [{ Driver: 'bridge' }, false],
  [{ Driver: 'macvlan', Internal: true }, false],
  [{ Driver: 'host' }, false],
])('case 1.9: a network with the properties %j is isolated: %s', async (properties, isIsolated) => {
  const engine = await engineThatSays({ Name: 'n', ...properties });
  expect(await engine.inspectNetwork('n')).toMatchObject({ isIsolated });
});

test.each([
  [{ Driver: 'local', Options: null }, true],
  [{ Driver: 'local', Options: {} }, true],
  [{}, true],
  [{ Driver: 'local', Options: { type: 'nfs', device: ':/srv' } }, false],
  [{ Driver: 'sshfs', Options: null }, false],
])('case 1.6: a volume with the properties %j is an ordinary directory: %s', async (properties, isPlain) => {
  const engine = await engineThatSays({ Name: 'v', ...properties });
  expect(await engine.inspectVolume('v')).toEqual({ name: 'v', labels: {}, isPlain });
});

test('an import fails with the error of its archive', async () => {
  const engine = await engineThat((request) => void request.resume());
  const broken = new Error('the archive broke off');
  const archive = new Readable({
    read() {
      this.destroy(broken);
    },
  });
  await expect(engine.importImage(archive, { name: 'x', changes: [] }, signal)).rejects.toBe(broken);
});

describe('a pull', () => {
  test('reports the progress of each layer', async () => {
    const lines = [
      { status: 'Pulling from x', id: 'latest' },
      { status: 'Downloading', id: 'a', progressDetail: { current: 5, total: 10 } },
      { status: 'Status: Downloaded' },
    ];
    const engine = await engineThat((request, response) => {
      expect(request.url).toContain('fromImage=registry%3A5000%2Fx&tag=v1');
      response.end(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n\n`);
    });
    const progress: PullProgress[] = [];
    await engine.pullImage('registry:5000/x:v1', (one) => progress.push(one), signal);
    expect(progress).toEqual([
      { layer: 'latest', status: 'Pulling from x', current: 0, total: 0 },
      { layer: 'a', status: 'Downloading', current: 5, total: 10 },
      { layer: '', status: 'Status: Downloaded', current: 0, total: 0 },
    ]);
  });

  test.each([
    ['an error', '{"error":"toomanyrequests: slow down"}', 'rate-limited'],
    ['a line that is not JSON', '<html>', 'other'],
    ['a message of another form', '{"status":5}', 'other'],
  ])('is refused if its answer has %s', async (_what, line, kind) => {
    const engine = await engineThat((_, response) => void response.end(`${line}\n`));
    await expect(engine.pullImage('x', () => undefined, signal)).rejects.toMatchObject({ kind });
  });

  test('fails as engine-lost if its connection is cut', async () => {
    const engine = await engineThat((_, response) => {
      response.write('{"status":"Pulling"}\n', () => response.destroy());
    });
    await expect(engine.pullImage('x', () => undefined, signal)).rejects.toMatchObject({ code: 'engine-lost' });
  });

  test('names an image by its digest', async () => {
    const urls: string[] = [];
    const engine = await engineThat(({ url = '' }, response) => {
      urls.push(url);
      response.end();
    });
    await engine.pullImage('x@sha256:abc', () => undefined, signal);
    expect(urls).toEqual([expect.stringContaining('fromImage=x&tag=sha256%3Aabc')]);
  });
});

test('an import is refused if its answer has no image id', async () => {
  const engine = await engineThat((request, response) => {
    request.resume().on('end', () => response.end('{"status":"done"}\n'));
  });
  const archive = Readable.from([Buffer.alloc(1024)]);
  await expect(engine.importImage(archive, { name: 'x', changes: [] }, signal)).rejects.toThrow('no image id: done');
});

test('an import ends if its signal is aborted, though the engine has the whole archive and does not answer', async () => {
  const controller = new AbortController();
  const reason = new Error('interrupted');
  const engine = await engineThat((request) => {
    request.resume().on('end', () => controller.abort(reason));
  });
  const archive = Readable.from([Buffer.alloc(1024)]);
  await expect(engine.importImage(archive, { name: 'x', changes: [] }, controller.signal)).rejects.toBe(reason);
});

describe('a connection that is cut', () => {
  test('before the answer makes the client send the request three times', async () => {
    let requests = 0;
    const engine = await engineThat((request) => {
      requests += 1;
      request.socket.destroy();
    });
    await expect(engine.inspectImage('x')).rejects.toMatchObject({ code: 'engine-lost' });
    expect(requests).toBe(3);
  });

  test('before the answer does not repeat a request that is unsafe to repeat', async () => {
    let requests = 0;
    const engine = await engineThat((request) => {
      requests += 1;
      request.socket.destroy();
    });
    await expect(engine.commitContainer(id, { name: 'x', changes: [] })).rejects.toMatchObject({ code: 'engine-lost' });
    expect(requests).toBe(1);
  });

  test('during a wait for a running container makes the client inspect it and wait again', async () => {
    const asked: string[] = [];
    const engine = await engineThat(({ method, url = '' }, response) => {
      asked.push(`${method} ${url.replace(/.*\//, '').replace(/\?.*/, '')}`);
      if (method === 'GET') {
        const State = { Status: 'running' };
        response.end(JSON.stringify({ Id: id, Name: '/x', Image: imageId, State, HostConfig: {}, Config: {} }));
      } else if (asked.length === 1) {
        response.writeHead(200).flushHeaders();
        setImmediate(() => response.destroy());
      } else response.end('{"StatusCode":0}');
    });
    await engine.waitContainer(id, signal);
    expect(asked).toEqual(['POST wait', 'GET json', 'POST wait']);
  });

  test('during a wait for a container that is gone ends the wait', async () => {
    const engine = await engineThat(({ method, socket }, response) => {
      if (method === 'POST') socket.destroy();
      else response.writeHead(404).end('{"message":"No such container"}');
    });
    await expect(engine.waitContainer(id, signal)).resolves.toBeUndefined();
  });
});

test('the removal of a container that is already being removed waits until it is gone', async () => {
  const asked: string[] = [];
  const engine = await engineThat(({ method, url = '' }, response) => {
    asked.push(`${method} ${url.replace(/^.*\/containers\/[0-9a-f]+/, '')}`);
    if (method === 'DELETE') response.writeHead(409).end(`{"message":"removal of ${id} is already in progress"}`);
    else response.end('{"StatusCode":0}');
  });
  await engine.removeContainer(id);
  expect(asked).toEqual(['DELETE ?force=true&v=true', 'POST /wait?condition=removed']);
});

test('an image without a name is listed without names, and without a parent if the engine has none', async () => {
  const listed = { Id: imageId, RepoTags: ['<none>:<none>'], Labels: null, Created: 1_767_225_600, Size: 1 };
  const engine = await engineThatSays([listed, { ...listed, ParentId: '2'.repeat(64) }]);
  const created = '2026-01-01T00:00:00.000Z';
  const image = { id: imageId, names: [], labels: {}, created, size: 1 };
  expect(await engine.imagesWithLabel('x')).toEqual([
    { ...image, parent: undefined },
    { ...image, parent: `sha256:${'2'.repeat(64)}` },
  ]);
});
