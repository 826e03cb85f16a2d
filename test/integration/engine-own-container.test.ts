import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import type { ContainerId } from '../../src/engine/identifiers.ts';
import { engineSocket } from '../support/proxy.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';

const checkout = realpathSync(join(import.meta.dirname, '../..'));
const program = fileURLToPath(import.meta.resolve('../support/real-engine/real-engine-find-own.ts'));
const socket = '/var/run/docker.sock';

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

test('in a container with the default network', async () => {
  const container = await start(new GenericContainer(stage));
  expect(await findOwn(container)).toBe(container.getId());
});

test("in a container with another container's network", async () => {
  const other = await start(new GenericContainer(stage));
  const container = await start(new GenericContainer(stage).withNetworkMode(`container:${other.getId()}`));
  expect(await findOwn(container)).toBe(container.getId());
});

test('in a container with another host name, even another container’s name', async () => {
  const other = await start(new GenericContainer(stage));
  const hostname = other.getId().slice(0, 12);
  const container = await start(new GenericContainer(stage).withHostname(hostname));
  expect(await findOwn(container)).toBe(container.getId());
});

test.each([
  ['the mounted files', undefined, true],
  ['nothing, and then not a wrong one', 'other', false],
])('with a private control group namespace, by %s', async (_, network, found) => {
  const other = await start(new GenericContainer(stage));
  const settings = {
    Binds: binds().map(({ source, target }) => `${source}:${target}:ro`),
    CgroupnsMode: 'private',
    ...(network === undefined ? {} : { NetworkMode: `container:${other.getId()}` }),
  };
  const container = await rawDocker().createContainer({ Image: stage, Cmd: ['sleep', '600'], HostConfig: settings });
  stack.defer(() => container.remove({ force: true, v: true }));
  await container.start();
  const engine = await connectEngine(process.env);
  const exec = await engine.execAttached(container.id as ContainerId, { command: [process.execPath, program] });
  let output = '';
  for await (const { data } of exec.output) output += data.toString();
  // Podman names the container in /run/.containerenv.
  expect(JSON.parse(output)).toBe(found || engine.flavour === 'podman' ? container.id : null);
});

test('a user without permission for the socket gets engine-denied', async () => {
  const container = await start(new GenericContainer(stage).withUser('65534:65534'));
  const { stderr, exitCode } = await container.exec([process.execPath, program]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("code: 'engine-denied'");
  expect(stderr).toMatch(/permission denied to user \S+; it belongs to group \d+/);
  expect(stderr).toContain('--group-add');
});

test('outside of any container', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  expect(JSON.parse(stdout)).toBeNull();
});

async function start(container: GenericContainer): Promise<StartedTestContainer> {
  // testcontainers' reaper would have to be pulled. Each test stops its containers, which removes them.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const mounts = binds().map((bind) => ({ ...bind, mode: 'ro' as const }));
  const started = await container.withBindMounts(mounts).withCommand(['sleep', '600']).start();
  stack.defer(async () => void (await started.stop({ timeout: 0 })));
  return started;
}

function binds(): { source: string; target: string }[] {
  const node = realpathSync(process.execPath);
  return [
    { source: checkout, target: checkout },
    { source: node, target: process.execPath },
    { source: realpathSync(engineSocket()), target: socket },
  ];
}

async function findOwn(container: StartedTestContainer): Promise<unknown> {
  const { output, stderr, exitCode } = await container.exec([process.execPath, program]);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  return JSON.parse(output);
}
