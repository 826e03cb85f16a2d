import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { entriesOf } from '../../src/engine/archive-entries.ts';
import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import type { HeldStdin } from '../../src/engine/containers.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { ContainerId } from '../../src/engine/identifiers.ts';
import { fakeTime, passTime, restoreTime } from '../support/fake-time.ts';
import { EngineProxy, type ProxyRules } from '../support/proxy.ts';
import { stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';

let proxy: EngineProxy;
let engine: Engine;
let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  restoreTime();
  await stack.disposeAsync();
});

test('a wait continues after its connection is cut', async () => {
  await connect({});
  const id = await startContainer();
  const waits = { method: 'POST', path: /\/wait\b/ };
  const waited = () => proxy.requests.filter((request) => waits.path.test(request)).length;
  let ended = false;
  const end = engine.waitContainer(id, new AbortController().signal).then(() => (ended = true));
  for (const nth of [1, 2, 3]) {
    await vi.waitUntil(() => waited() === nth, { timeout: 60_000 });
    proxy.cut(waits);
  }
  await vi.waitUntil(() => waited() === 4, { timeout: 60_000 });
  expect(ended).toBe(false);
  await engine.killContainer(id, 'KILL');
  await end;
});

test('a repeatable request is repeated if its answer is lost', async () => {
  const once = (method: string, path: RegExp) => ({ method, path, times: 1 });
  await connect({ loseAnswer: [once('POST', /\/start/), once('GET', /\/json/), once('DELETE', /\/containers\//)] });
  const id = await startContainer();
  expect(await engine.inspectContainer(id)).toMatchObject({ state: 'running' });
  await engine.removeContainer(id);
  expect(await engine.inspectContainer(id)).toBeUndefined();
  expect(proxy.cuts).toBe(3);
});

test('a request fails after its answer is lost several times', async () => {
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

test('an output ends when its connection is cut, and its process continues', async () => {
  await connect({});
  const id = await startContainer();
  const exec = await engine.execAttached(id, { command: ['sh', '-c', 'echo begun; sleep 0.5; touch /finished'] });
  const printed: string[] = [];
  for await (const { data } of exec.output) {
    printed.push(data.toString());
    proxy.cut({ method: 'POST', path: /\/exec\/.*\/start/ });
  }
  expect(printed).toEqual(['begun\n']);
  await expect.poll(() => engine.statPath(id, '/finished'), { timeout: 60_000 }).toBeDefined();
});

test('an output that hangs half open ends when it is closed', async () => {
  await connect({});
  const id = await startContainer();
  const exec = await engine.execAttached(id, { command: ['yes'] });
  let silence: NodeJS.Timeout | undefined;
  let bytes = 0;
  for await (const { data } of exec.output) {
    bytes += data.length;
    proxy.freeze();
    clearTimeout(silence);
    silence = setTimeout(() => exec.close(), 500);
  }
  expect(bytes).toBeGreaterThan(0);
  // An engine that cannot deliver output takes 20 s to remove the container.
  await proxy[Symbol.asyncDispose]();
});

test('kind of case 1.12: an archive that hangs half open fails as engine-lost', async () => {
  await connect({});
  const id = await createContainer();
  const archive = await engine.readArchive(id, '/usr');
  proxy.freeze();
  fakeTime();
  const hint = expect.stringContaining('a proxy closes connections') as string;
  const reading = (async () => {
    for await (const entry of entriesOf(archive ?? Readable.from([]))) entry.resume();
  })();
  await expect(passTime(reading)).rejects.toMatchObject({ code: 'engine-lost', hint });
  restoreTime();
  // An engine that cannot deliver an archive waits for its reader while the container is removed.
  await proxy[Symbol.asyncDispose]();
});

test('a file that cannot be read is not reported as a lost engine', async () => {
  await connect({});
  const id = await createContainer();
  await expect(engine.writeArchive(id, '/', createReadStream('/no/such/file'))).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

test('a standard input that is cut reports it, and ends process 1', async () => {
  await connect({});
  const id = await createContainer();
  const held = await engine.holdStdin(id);
  await engine.startContainer(id);
  proxy.cut();
  await held.ended;
  await engine.waitContainer(id, new AbortController().signal);
  expect(await engine.inspectContainer(id)).toMatchObject({ state: 'exited' });
});

test('occasional bytes keep a held standard input alive', async () => {
  await connect({});
  const id = await createContainer();
  const held = await holdSilently(id, 'both');
  const writing = writeOften(held);
  await engine.startContainer(id);
  await writing.written(15);
  expect(await engine.inspectContainer(id)).toMatchObject({ state: 'running' });
  writing.stop();
  await held.ended;
});

test('if a proxy watches each direction, data in one direction does not keep a connection open', async () => {
  await connect({});
  const held = await holdSilently(await createContainer(), 'each');
  writeOften(held);
  await held.ended;
});

test('a request that a proxy forbids is a refusal with the proxy’s message', async () => {
  await connect({ refuse: [{ method: 'POST', path: /\/exec$/ }] });
  const id = await startContainer();
  const exec = engine.execAttached(id, { command: ['true'] });
  await expect(exec).rejects.toMatchObject({ name: 'EngineRefusal', kind: 'denied', message: 'refused by the proxy' });
});

test('an engine that refuses every request is reported as engine-denied', async () => {
  await using refusing = await EngineProxy.open({ refuse: [{ method: 'GET', path: /\/(?:_ping|version)$/ }] });
  const failure = { name: 'Failure', code: 'engine-denied', exitStatus: 11 };
  await expect(connectEngine({ DOCKER_HOST: refusing.address })).rejects.toMatchObject(failure);
});

test('an engine that stops is reported as engine-lost', async () => {
  await connect({});
  await proxy[Symbol.asyncDispose]();
  const failure = { name: 'Failure', code: 'engine-lost', exitStatus: 16 };
  await expect(engine.info()).rejects.toMatchObject(failure);
});

test('no connection stays open', async () => {
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
  await expect.poll(() => proxy.open, { timeout: 60_000 }).toBe(0);
});

async function connect(rules: ProxyRules): Promise<void> {
  proxy = stack.use(await EngineProxy.open(rules));
  engine = await connectEngine({ DOCKER_HOST: proxy.address });
}

/** Holds a standard input through a connection, the only one, that the proxy cuts after 400 ms of silence once the engine has answered. */
async function holdSilently(id: ContainerId, directions: 'both' | 'each') {
  const held = await engine.holdStdin(id);
  proxy.cutWhenSilent({ method: 'POST', path: /\/attach\b/ }, { milliseconds: 400, directions });
  return held;
}

/** Writes a byte each 100 ms until it is stopped or the test ends. */
function writeOften(held: HeldStdin) {
  let bytes = 0;
  const timer = setInterval(() => {
    held.write(Buffer.from('.'));
    bytes++;
  }, 100);
  stack.defer(() => clearInterval(timer));
  return {
    written: (count: number) => expect.poll(() => bytes, { timeout: 60_000 }).toBeGreaterThanOrEqual(count),
    stop: () => clearInterval(timer),
  };
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
