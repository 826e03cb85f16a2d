import { afterEach, beforeEach, expect, test } from 'vitest';

import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { ContainerId } from '../../src/engine/identifiers.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';

let engine: Engine;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  engine = await connectEngine(process.env);
});
afterEach(() => stack.disposeAsync());

const settings = ['ENV ONE=1 TWO="2 3"', 'LABEL base.label=kept', 'USER 0:0', 'WORKDIR /srv'];

test('an image has nothing of the container that it was committed from', async () => {
  const base = await makeBase([...settings, 'ENTRYPOINT ["/bin/echo"]', 'EXPOSE 80']);
  const image = await commit(await startBuild(base), [
    'VOLUME /usr/portage',
    'CMD ["/bin/bash"]',
    'ENTRYPOINT []',
    'LABEL a="b"',
  ]);
  const streams = { AttachStdin: false, AttachStdout: false, AttachStderr: false, OpenStdin: false, StdinOnce: false };
  const own = { Hostname: '', Domainname: '', Tty: false, ...streams };
  // Podman, and Docker from 28 on, leave out fields that are empty.
  const config: Record<string, unknown> = { ...own, Entrypoint: null, ...(await configOf(image)) };
  expect(config).toMatchObject(own);
  expect(config).toMatchObject({ Entrypoint: null, Cmd: ['/bin/bash'], Volumes: { '/usr/portage': {} } });
  const { Env, User, WorkingDir, ExposedPorts } = await configOf(base);
  expect(config).toMatchObject({ Env, User, WorkingDir, ExposedPorts });
  expect(config['Labels']).toEqual({ 'base.label': 'kept', a: 'b' });
});

test("an image keeps the base's entrypoint if the changes contain it", async () => {
  const base = await makeBase(['ENTRYPOINT ["/bin/echo"]']);
  const image = await commit(await startBuild(base), ['ENTRYPOINT ["/bin/echo"]', 'CMD ["/bin/bash"]']);
  expect(await configOf(image)).toMatchObject({ Entrypoint: ['/bin/echo'], Cmd: ['/bin/bash'] });
});

test('the environment of an exec is not in the image', async () => {
  const id = await startBuild(stage);
  const exec = await engine.execAttached(id, { command: ['env'], environment: { SECRET: 'x' } });
  for await (const piece of exec.output) expect(piece.stream).toBe('stdout');
  expect(
    JSON.stringify(
      await rawDocker()
        .getImage(await commit(id, ['CMD ["a"]']))
        .inspect(),
    ),
  ).not.toContain('SECRET');
});

/** A build container as the program makes it. */
async function startBuild(image: string): Promise<ContainerId> {
  const id = await engine.createContainer(uniqueName('build'), {
    image,
    command: ['/bin/sh', '-c', 'exec cat >/dev/null'],
    mounts: [],
    init: true,
    openStdin: true,
    keepLog: false,
  });
  stack.defer(() => engine.removeContainer(id));
  const held = await engine.holdStdin(id);
  stack.defer(() => held.close());
  await engine.startContainer(id);
  return id;
}

async function makeBase(changes: readonly string[]): Promise<string> {
  const id = await engine.createContainer(uniqueName('base'), { image: stage, command: ['true'], mounts: [] });
  stack.defer(() => engine.removeContainer(id));
  return await commit(id, changes);
}

async function commit(id: ContainerId, changes: readonly string[]): Promise<string> {
  const name = uniqueName('image');
  await engine.commitContainer(id, { name, changes });
  stack.defer(() => engine.removeImage(name));
  return name;
}

async function configOf(image: string): Promise<Record<string, unknown>> {
  return { ...(await rawDocker().getImage(image).inspect()).Config };
}
