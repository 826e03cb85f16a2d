import { createReadStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { connectEngine } from '../../src/engine/connect-engine.ts';
import type { ContainerId, Engine } from '../../src/engine/engine.ts';
import { EngineProxy, type ProxyRules } from '../support/proxy.ts';
import { stage, uniqueName } from '../support/real-engine.ts';

let proxy: EngineProxy;
let engine: Engine;
let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

test('a wait whose connection is cut goes on waiting', async () => {
  await connect({});
  const id = await startContainer();
  proxy.rules.silence = { milliseconds: 300, directions: 'both' };
  let ended = false;
  const end = engine.waitContainer(id, new AbortController().signal).then(() => (ended = true));
  await delay(1200);
  expect(ended).toBe(false);
  expect(proxy.cuts).toBeGreaterThanOrEqual(3);
  await engine.killContainer(id, 'KILL');
  await end;
});

test('a request that may be made twice is, when its answer is lost', async () => {
  const once = (method: string, path: RegExp) => ({ method, path, times: 1 });
  await connect({ loseAnswer: [once('POST', /\/start/), once('GET', /\/json/), once('DELETE', /\/containers\//)] });
  const id = await startContainer();
  expect(await engine.inspectContainer(id)).toMatchObject({ state: 'running' });
  await engine.removeContainer(id);
  expect(await engine.inspectContainer(id)).toBeUndefined();
  expect(proxy.cuts).toBe(3);
});

test('a request whose answer is lost again and again is given up', async () => {
  await connect({ loseAnswer: [{ method: 'GET', path: /\/containers\/[^/]+\/json/ }] });
  const lost = { name: 'Failure', code: 'engine-lost', exitStatus: 16 };
  await expect(engine.inspectContainer('none')).rejects.toMatchObject(lost);
  expect(proxy.cuts).toBe(3);
});

test('a commit whose answer is lost has taken place', async () => {
  await connect({ loseAnswer: [{ method: 'POST', path: /\/commit/ }] });
  const id = await startContainer();
  const name = uniqueName('lost');
  stack.defer(() => engine.removeImage(name));
  const commit = engine.commitContainer(id, { name, changes: ['CMD ["a"]'] });
  await expect(commit).rejects.toMatchObject({ code: 'engine-lost' });
  expect(await engine.inspectImage(name)).toBeDefined();
});

test('an output that is cut ends, and its process does not', async () => {
  await connect({});
  const id = await startContainer();
  const exec = await engine.execAttached(id, { command: ['sh', '-c', 'echo begun; sleep 0.5; touch /finished'] });
  const printed: string[] = [];
  for await (const { data } of exec.output) {
    printed.push(data.toString());
    proxy.cut({ method: 'POST', path: /\/exec\/.*\/start/ });
  }
  expect(printed).toEqual(['begun\n']);
  await expect.poll(() => engine.statPath(id, '/finished'), { timeout: 5000 }).toBeDefined();
});

test('an output that hangs half open ends when it is closed', async () => {
  await connect({});
  const id = await startContainer();
  const exec = await engine.execAttached(id, { command: ['yes'] });
  let silence = setTimeout(() => exec.close(), 500);
  let bytes = 0;
  for await (const { data } of exec.output) {
    bytes += data.length;
    proxy.freeze();
    clearTimeout(silence);
    silence = setTimeout(() => exec.close(), 500);
  }
  expect(bytes).toBeGreaterThan(0);
  // An engine that cannot get rid of output takes 20 s to remove the container.
  await proxy[Symbol.asyncDispose]();
});

test('a file that cannot be read is not taken for an engine that is lost', async () => {
  await connect({});
  const id = await createContainer();
  await expect(engine.writeArchive(id, '/', createReadStream('/no/such/file'))).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

test('a standard input that is cut says so, and ends process 1', async () => {
  await connect({});
  const id = await createContainer();
  const held = await engine.holdStdin(id);
  await engine.startContainer(id);
  proxy.cut();
  await held.ended;
  await engine.waitContainer(id, new AbortController().signal);
  expect(await engine.inspectContainer(id)).toMatchObject({ state: 'exited' });
});

test('a byte now and then keeps a held standard input alive', async () => {
  await connect({ silence: { milliseconds: 400, directions: 'both' } });
  const id = await createContainer();
  const held = await engine.holdStdin(id);
  const keepAlive = setInterval(() => held.write(Buffer.from('.')), 100);
  stack.defer(() => clearInterval(keepAlive));
  await engine.startContainer(id);
  await delay(1500);
  expect(await engine.inspectContainer(id)).toMatchObject({ state: 'running' });
  clearInterval(keepAlive);
  await held.ended;
});

test('with the directions watched on their own, one side that speaks is not enough', async () => {
  await connect({ silence: { milliseconds: 400, directions: 'each' } });
  const id = await createContainer();
  const held = await engine.holdStdin(id);
  const keepAlive = setInterval(() => held.write(Buffer.from('.')), 100);
  stack.defer(() => clearInterval(keepAlive));
  await held.ended;
});

test('a request that a proxy forbids is a refusal with its words', async () => {
  await connect({ refuse: [{ method: 'POST', path: /\/exec$/ }] });
  const id = await startContainer();
  const exec = engine.execAttached(id, { command: ['true'] });
  await expect(exec).rejects.toMatchObject({ name: 'EngineRefusal', status: 403, message: 'refused by the proxy' });
});

test('an engine that refuses to be asked at all is denied', async () => {
  await using refusing = await EngineProxy.open({ refuse: [{ method: 'GET', path: /\/(?:_ping|version)$/ }] });
  const failure = { name: 'Failure', code: 'engine-denied', exitStatus: 11 };
  await expect(connectEngine({ DOCKER_HOST: refusing.address })).rejects.toMatchObject(failure);
});

test('an engine that goes away is lost', async () => {
  await connect({});
  await proxy[Symbol.asyncDispose]();
  const failure = { name: 'Failure', code: 'engine-lost', exitStatus: 16 };
  await expect(engine.info()).rejects.toMatchObject(failure);
});

test('no connection is left behind', async () => {
  await connect({ delay: 5 });
  const id = await startContainer();
  const [first, second] = [
    await engine.execAttached(id, { command: ['yes'] }),
    await engine.execAttached(id, { command: ['cat'] }),
  ];
  for await (const { data } of first.output) if (data.length > 0) break;
  second.close();
  await engine.statPath(id, '/etc/passwd');
  (await engine.readArchive(id, '/etc/passwd'))?.destroy();
  await engine.pullImage('localhost:1/none', () => undefined, new AbortController().signal).catch(() => undefined);
  await expect.poll(() => proxy.open).toBe(0);
});

async function connect(rules: ProxyRules): Promise<void> {
  proxy = stack.use(await EngineProxy.open(rules));
  engine = await connectEngine({ DOCKER_HOST: proxy.address });
}

async function createContainer(): Promise<ContainerId> {
  const command = ['/bin/sh', '-c', 'exec cat >/dev/null'];
  const id = await engine.createContainer(uniqueName('faults'), { image: stage, command, mounts: [], openStdin: true });
  // Not through the proxy, which is closed first when a test fails.
  stack.defer(async () => (await connectEngine(process.env)).removeContainer(id));
  return id;
}

async function startContainer(): Promise<ContainerId> {
  const id = await createContainer();
  await engine.startContainer(id);
  return id;
}
