import { expect, test } from 'vitest';

import { engineThat } from './engine-that.ts';
import { everyCall, exec, id, image } from './every-call.ts';

/** The step that the message names if the engine does not answer the call. */
const steps: { readonly [Name in keyof typeof everyCall]: string } = {
  version: 'read the version of the engine',
  info: 'read the state of the engine',
  inspectImage: 'inspect image localhost:1/none/none:none',
  imagesWithLabel: 'list images with label none',
  listImageNames: 'list images',
  pullImage: 'pull image none',
  tagImage: 'tag image none/none as other',
  removeImage: 'remove image none@sha256:0',
  createContainer: 'create container none',
  holdStdin: `attach to container ${id}`,
  startContainer: `start container ${id}`,
  inspectContainer: 'inspect container none_none.none-none',
  containersWithVolume: 'list containers with volume none',
  containersWithLabel: 'list containers with label none',
  renameContainer: `rename container ${id} to other`,
  killContainer: `kill container ${id}`,
  // A wait whose connection is cut goes on, if the engine still has the container.
  waitContainer: `inspect container ${id}`,
  removeContainer: `remove container ${id}`,
  statPath: `stat /none in container ${id}`,
  readArchive: `read /none in container ${id}`,
  writeArchive: `write to /none in container ${id}`,
  changedPaths: `list changes of container ${id}`,
  execAttached: `create an exec in container ${id}`,
  execDetached: `create an exec in container ${id}`,
  resizeExec: `resize the terminal of exec ${exec}`,
  execExitCode: `inspect exec ${exec}`,
  commitContainer: `commit container ${id} as none`,
  importImage: 'import image none',
  saveImage: `save image ${image}`,
  loadImages: 'load images',
  createVolume: 'create volume none',
  inspectVolume: 'inspect volume none',
  volumesWithLabel: 'list volumes with label none',
  removeVolume: 'remove volume none',
  createNetwork: 'create network none',
  inspectNetwork: 'inspect network none',
  connectNetwork: `connect container ${id} to network none`,
  removeNetwork: 'remove network none',
};

/** What the user reads. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => 'succeeded',
    (error: unknown) => error,
  );
}

test('a call whose connection is cut fails as engine-lost, and the message names the step and the object', async () => {
  const engine = await engineThat((request) => void request.socket.destroy());
  const calls = Object.entries(everyCall).map(async ([name, call]) => [name, await failureOf(call(engine))] as const);
  const failures: Readonly<Record<string, unknown>> = Object.fromEntries(await Promise.all(calls));
  const expected = Object.entries(steps).map(([name, step]) => {
    const message = expect.stringMatching(
      new RegExp(`^failed to ${step}: lost the Docker engine at unix:///.*/docker\\.sock \\(.+\\)$`),
    ) as string;
    return [name, expect.objectContaining({ code: 'engine-lost', message })] as const;
  });
  expect(failures).toEqual(Object.fromEntries(expected));
});

test.each(['execAttached', 'execDetached'] as const)(
  'the message of %s names another step if the engine goes away after it made the exec',
  async (name) => {
    const engine = await engineThat(({ url = '', socket }, response) => {
      if (url.endsWith('/start')) socket.destroy();
      else response.writeHead(201).end(JSON.stringify({ Id: exec }));
    });
    expect(await failureOf(everyCall[name](engine))).toMatchObject({
      code: 'engine-lost',
      message: expect.stringContaining(`failed to start an exec in container ${id}: lost`) as string,
      hint: 'check that the engine is running (docker version), then run again',
    });
  },
);

test('a call that the engine refuses fails with the words of the engine, without those of the client', async () => {
  const engine = await engineThat((_, response) =>
    response.writeHead(500).end(JSON.stringify({ message: 'no space left on device - really ' })),
  );
  const refused = Object.entries(everyCall).map(async ([name, call]) => [name, await failureOf(call(engine))] as const);
  for (const [name, failure] of await Promise.all(refused)) {
    // An answer to a HEAD request has no body.
    const refusal = name === 'statPath' ? { message: 'HTTP status 500' } : { kind: 'no-space' };
    expect({ name, failure }).toMatchObject({ name, failure: { name: 'EngineRefusal', ...refusal } });
    if (name !== 'statPath') expect(failure).toMatchObject({ message: 'no space left on device - really' });
  }
});

test.each(['statPath', 'readArchive', 'writeArchive', 'changedPaths', 'startContainer', 'tagImage'] as const)(
  '%s is refused if the object does not exist',
  async (name) => {
    const engine = await engineThat((_, response) => response.writeHead(404).end('{"message":"No such container: x"}'));
    expect(await failureOf(everyCall[name](engine))).toMatchObject({ name: 'EngineRefusal', kind: 'absent' });
  },
);
