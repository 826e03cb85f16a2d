import { createServer } from 'node:http';
import { once } from 'node:events';

import { describe, expect, onTestFinished, test } from 'vitest';

import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { ContainerId, ExecId } from '../../../src/engine/identifiers.ts';

/** The answers of Podman 4.3.1 on its Docker-compatible socket that differ from Docker's. */
const id = '7b1c'.repeat(16) as ContainerId;
const exec = '04dd'.repeat(16) as ExecId;

describe('an exec of Podman', () => {
  const inspected = (parts: object) => ({ CanRemove: false, Running: false, ExitCode: 0, Pid: 0, ...parts });

  test.each([
    ['was not started', inspected({}), undefined],
    ['runs', inspected({ Running: true, Pid: 21839 }), undefined],
    ['ended with 0', inspected({ CanRemove: true }), 0],
    ['ended with another status', inspected({ CanRemove: true, ExitCode: 3 }), 3],
    ['has a command that does not exist', inspected({ CanRemove: true, ExitCode: 127 }), 127],
  ])('that %s has the right exit code', async (_, answer, exitCode) => {
    const engine = await podman(200, answer);
    expect(await engine.execExitCode(exec)).toBe(exitCode);
  });

  test('accepts the answer 201 to a resize', async () => {
    const engine = await podman(201, {});
    await expect(engine.resizeExec(exec, { columns: 80, rows: 24 })).resolves.toBeUndefined();
  });

  test('throws a refusal of a resize', async () => {
    const engine = await podman(500, refusal('resizing exec session: no space left on device'));
    await expect(engine.resizeExec(exec, { columns: 80, rows: 24 })).rejects.toMatchObject({ kind: 'no-space' });
  });

  test('has no exit code if its container is removed at the same time', async () => {
    const engine = await podman(500, refusal(`retrieving exec session ${exec} from container ${id}: ${vanished}`));
    expect(await engine.execExitCode(exec)).toBeUndefined();
  });
});

describe('a container of Podman', () => {
  test('that has ended is not an error of a kill', async () => {
    const state = `can only kill running containers. ${id} is in state exited: container state improper`;
    const engine = await podman(500, refusal(state));
    await expect(engine.killContainer(id, 'SIGKILL')).resolves.toBeUndefined();
  });

  test('that does not run refuses an exec as a conflict', async () => {
    const state = 'can only create exec sessions on running containers: container state improper';
    const engine = await podman(500, refusal(state));
    await expect(engine.execDetached(id, { command: ['true'] })).rejects.toMatchObject({
      kind: 'conflict',
      message: state,
    });
  });

  test('that is removed at the same time counts as absent', async () => {
    const engine = await podman(500, refusal(vanished));
    expect(await engine.inspectContainer(id)).toBeUndefined();
    await expect(engine.removeContainer(id)).resolves.toBeUndefined();
  });

  test('is killed before its removal, because Podman would wait for an end by SIGTERM', async () => {
    const asked: string[] = [];
    const engine = await podman(204, {}, asked);
    await engine.removeContainer(id);
    expect(asked).toEqual([`POST /v1.41/containers/${id}/kill?signal=SIGKILL`, expect.stringMatching(/^DELETE /)]);
  });

  test("that cannot be removed is reported with Podman's own message", async () => {
    const why = `cannot remove container ${id} as it could not be stopped: given PIDs did not die within timeout`;
    const engine = await podman(500, refusal(why));
    await expect(engine.removeContainer(id)).rejects.toMatchObject({ kind: 'other', message: why });
  });
});

test('the id of an image that Podman committed starts with sha256:', async () => {
  const digest = '381a'.repeat(16);
  const changes = ['CMD ["/bin/bash"]'];
  for (const answered of [digest, `sha256:${digest}`]) {
    const engine = await podman(201, { Id: answered });
    expect(await engine.commitContainer(id, { name: 'gentoo-c0de', changes })).toBe(`sha256:${digest}`);
  }
});

const vanished = `container ${id} does not exist in database: no such container`;

function refusal(message: string): object {
  return { cause: message.replace(/^.*: /, ''), message, response: 500 };
}

/** A Podman that gives the same answer to every request after the ping, and adds those requests to `asked`. */
async function podman(status: number, answer: object, asked: string[] = []): Promise<Engine> {
  const server = createServer((request, response) => {
    if (request.url === '/_ping') {
      response.writeHead(200, { 'Api-Version': '1.41', 'Libpod-Api-Version': '4.3.1' }).end('OK');
      return;
    }
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return await connectEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });
}
