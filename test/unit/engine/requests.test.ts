import { Readable } from 'node:stream';

import { describe, expect, test } from 'vitest';

import { anyId, requestsOf } from './engine-that.ts';
import { exec, id } from './every-call.ts';

const { signal } = new AbortController();
const filters = (values: object): object => ({ filters: JSON.stringify(values) });

describe('a commit', () => {
  test('pauses the container, and leaves its host name, streams and terminal out of the image', async () => {
    const changes = ['USER a', 'CMD ["sh"]'];
    const labels = { packages: 'a/b-1 "c"' };
    const name = 'registry:5000/zentoo/one:v1';
    expect(await requestsOf((engine) => engine.commitContainer(id, { name, changes, labels }))).toEqual([
      {
        method: 'POST',
        path: '/commit',
        query: {
          container: id,
          repo: 'registry:5000/zentoo/one',
          tag: 'v1',
          pause: 'true',
          changes: 'USER a\nCMD ["sh"]',
        },
        body: { Hostname: '', Labels: labels },
      },
    ]);
  });

  test('under a name without a tag leaves the tag to the engine', async () => {
    const [request] = await requestsOf((engine) => engine.commitContainer(id, { name: 'one', changes: [] }));
    expect(request?.query).toEqual({ container: id, repo: 'one', pause: 'true', changes: '' });
  });
});

test.each([
  ['one', [], { repo: 'one', tag: 'latest' }],
  ['one:v1', ['CMD ["a"]', 'LABEL b="c"'], { repo: 'one', tag: 'v1', changes: 'CMD ["a"] and LABEL b="c"' }],
])(
  'an import as %s with the changes %j names the image, and has each change as a separate parameter',
  async (name, changes, query) => {
    const status = `sha256:${'1a'.repeat(32)}`;
    const archive = Readable.from([Buffer.alloc(1024)]);
    const [request] = await requestsOf((engine) => engine.importImage(archive, { name, changes }, signal), { status });
    expect(request).toMatchObject({ method: 'POST', path: '/images/create' });
    expect(request?.query).toEqual({ fromSrc: '-', ...query });
    expect(archive.destroyed).toBe(true);
  },
);

test.each([
  ['pull', 'x', { fromImage: 'x', tag: 'latest' }],
  ['pull', 'host:5000/x/y', { fromImage: 'host:5000/x/y', tag: 'latest' }],
  ['pull', 'host:5000/x:v1', { fromImage: 'host:5000/x', tag: 'v1' }],
  ['tag', 'x', { repo: 'x', tag: 'latest' }],
  ['tag', 'x:v2', { repo: 'x', tag: 'v2' }],
] as const)('a %s of %s names the repository and the tag', async (what, name, query) => {
  const [request] = await requestsOf((engine) =>
    what === 'pull' ? engine.pullImage(name, () => {}, signal) : engine.tagImage('sha256:1', name),
  );
  expect(request?.query).toEqual(query);
});

describe('an exec', () => {
  test('case 2.10: runs as root, with the groups and the home directory of root', async () => {
    const [created] = await requestsOf((engine) => engine.execDetached(id, { command: ['a'] }));
    expect(created?.body).toMatchObject({ User: '0' });
  });

  test('without a terminal attaches all three streams, and has environment and directory', async () => {
    const request = { command: ['a', 'b c'], environment: { X: '1=2', Y: '' }, workingDirectory: '/srv' };
    // The connection is not upgraded, so that the start fails.
    const [created] = await requestsOf((engine) => engine.execAttached(id, request).catch(() => undefined));
    expect(created).toMatchObject({ method: 'POST', path: `/containers/${id}/exec` });
    expect(created?.body).toEqual({
      User: '0',
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Cmd: ['a', 'b c'],
      Env: ['X=1=2', 'Y='],
      WorkingDir: '/srv',
    });
  });

  test('with a terminal does not detach at Ctrl-P Ctrl-Q, which the user may type', async () => {
    const request = { command: ['sh'], tty: true };
    const [created, started] = await requestsOf((engine) => engine.execAttached(id, request).catch(() => undefined));
    const rareKeys = expect.stringMatching(/^ctrl-[@^_](?:,ctrl-[@^_]){3,}$/) as string;
    expect(created?.body).toMatchObject({ Tty: true, DetachKeys: rareKeys, Cmd: ['sh'], Env: [] });
    expect(started?.body).toMatchObject({ Detach: false, Tty: true });
  });

  test('without a connection attaches no stream and is started detached', async () => {
    const [created, started] = await requestsOf((engine) => engine.execDetached(id, { command: ['a'] }));
    expect(created?.body).toEqual({
      User: '0',
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      Cmd: ['a'],
      Env: [],
    });
    expect(started).toMatchObject({ path: `/exec/${anyId}/start`, body: { Detach: true, Tty: false } });
  });

  test('has a terminal of as many rows and columns', async () => {
    const [request] = await requestsOf((engine) => engine.resizeExec(exec, { columns: 80, rows: 24 }));
    expect(request).toMatchObject({ path: `/exec/${exec}/resize`, query: { h: '24', w: '80' } });
  });
});

describe('a container', () => {
  test('is removed by force, with its anonymous volumes', async () => {
    const [request] = await requestsOf((engine) => engine.removeContainer(id));
    expect(request).toMatchObject({ method: 'DELETE', query: { force: 'true', v: 'true' } });
  });

  test('is awaited until it does not run', async () => {
    const [request] = await requestsOf((engine) => engine.waitContainer(id, signal));
    expect(request).toMatchObject({ path: `/containers/${id}/wait`, query: { condition: 'not-running' } });
  });

  test('is found by its label or its volume whether it runs or not', async () => {
    const [byLabel] = await requestsOf((engine) => engine.containersWithLabel('a=b'), []);
    expect(byLabel?.query).toEqual({ all: 'true', ...filters({ label: ['a=b'] }) });
    const [byVolume] = await requestsOf((engine) => engine.containersWithVolume('v'), []);
    expect(byVolume?.query).toEqual({ all: 'true', ...filters({ volume: ['v'] }) });
  });

  test('is killed with the signal', async () => {
    const [request] = await requestsOf((engine) => engine.killContainer(id, 'SIGUSR1'));
    expect(request).toMatchObject({ path: `/containers/${id}/kill`, query: { signal: 'SIGUSR1' } });
  });
});

test.each(['../images/x', '', '..', 'a/../../volumes/x', '.', 'x//y', '../volumes/x?force=1'])(
  'case 1.7: the name %j of an object leads to no other object',
  async (name) => {
    const found: unknown[] = [];
    const requests = await requestsOf(async (engine) => {
      found.push(
        await engine.inspectContainer(name),
        await engine.inspectVolume(name),
        await engine.inspectNetwork(name),
      );
      found.push(await engine.inspectImage(name));
      await engine.removeImage(name);
      await engine.removeVolume(name);
    });
    expect(found).toEqual([undefined, undefined, undefined, undefined]);
    expect(requests).toEqual([]);
  },
);

test('an image name with slashes is no path', async () => {
  const answer = { Id: `sha256:${'1'.repeat(64)}` };
  const [request] = await requestsOf((engine) => engine.inspectImage('host:5000/a/b:v1'), answer);
  expect(request?.path).toBe('/images/host:5000/a/b:v1/json');
});

test('images and volumes are found by their label', async () => {
  const [images] = await requestsOf((engine) => engine.imagesWithLabel('a=b'), []);
  expect(images?.query).toEqual(filters({ label: ['a=b'] }));
  const [volumes] = await requestsOf((engine) => engine.volumesWithLabel('a'), {});
  expect(volumes?.query).toEqual(filters({ label: ['a'] }));
});

test.each([
  ['docker', { 'com.docker.network.bridge.inhibit_ipv4': 'true' }],
  ['podman', {}],
] as const)('a network of %s reaches no other network, and exists once', async (flavour, Options) => {
  const [request] = await requestsOf((engine) => engine.createNetwork('n', { a: 'b' }), {}, flavour);
  expect(request?.body).toEqual({
    Name: 'n',
    Driver: 'bridge',
    Internal: true,
    CheckDuplicate: true,
    Labels: { a: 'b' },
    Options,
  });
});
