import { createServer } from 'node:http';
import { once } from 'node:events';

import { describe, expect, onTestFinished, test } from 'vitest';

import { connectEngine } from '../../../src/engine/connect-engine.ts';
import type { ContainerId, Engine, ExecId } from '../../../src/engine/engine.ts';

/** What Podman 4.3.1 answers on its Docker-compatible socket where Docker answers something else. */
const id = '7b1c'.repeat(16) as ContainerId;
const exec = '04dd'.repeat(16) as ExecId;

describe('an exec of Podman', () => {
  const inspected = (parts: object) => ({ CanRemove: false, Running: false, ExitCode: 0, Pid: 0, ...parts });

  test.each([
    ['that was not started', inspected({}), undefined],
    ['that runs', inspected({ Running: true, Pid: 21839 }), undefined],
    ['that has ended with 0', inspected({ CanRemove: true }), 0],
    ['that has ended with another status', inspected({ CanRemove: true, ExitCode: 3 }), 3],
    ['whose command is not there', inspected({ CanRemove: true, ExitCode: 127 }), 127],
  ])('%s', async (_, answer, exitCode) => {
    const engine = await podman(200, answer);
    expect(await engine.execExitCode(exec)).toBe(exitCode);
  });

  test('whose terminal is resized', async () => {
    const engine = await podman(201, {});
    await expect(engine.resizeExec(exec, { columns: 80, rows: 24 })).resolves.toBeUndefined();
  });

  test('that runs, and whose terminal cannot be resized', async () => {
    const engine = await podman(500, refusal('resizing exec session: no space left on device'));
    await expect(engine.resizeExec(exec, { columns: 80, rows: 24 })).rejects.toMatchObject({ status: 500 });
  });

  test('whose container goes away at this moment is not there', async () => {
    const engine = await podman(500, refusal(`retrieving exec session ${exec} from container ${id}: ${vanished}`));
    expect(await engine.execExitCode(exec)).toBeUndefined();
  });
});

describe('a container of Podman', () => {
  test('that has ended need not be killed', async () => {
    const state = `can only kill running containers. ${id} is in state exited: container state improper`;
    const engine = await podman(500, refusal(state));
    await expect(engine.killContainer(id, 'SIGKILL')).resolves.toBeUndefined();
  });

  test('in which nothing can be started is in conflict with that', async () => {
    const state = 'can only create exec sessions on running containers: container state improper';
    const engine = await podman(500, refusal(state));
    await expect(engine.execDetached(id, { command: ['true'] })).rejects.toMatchObject({ status: 409, message: state });
  });

  test('that goes away at this moment is not there', async () => {
    const engine = await podman(500, refusal(vanished));
    expect(await engine.inspectContainer(id)).toBeUndefined();
    await expect(engine.removeContainer(id)).resolves.toBeUndefined();
  });

  test('that cannot be removed is refused as by any engine', async () => {
    const why = `cannot remove container ${id} as it could not be stopped: given PIDs did not die within timeout`;
    const engine = await podman(500, refusal(why));
    await expect(engine.removeContainer(id)).rejects.toMatchObject({ status: 500, message: why });
  });
});

test('the id of an image that Podman committed is written as everywhere else', async () => {
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

/** An engine that gives one answer to everything but the first question, which is for its version. */
async function podman(status: number, answer: object): Promise<Engine> {
  const version = { Version: '4.3.1', ApiVersion: '1.41', MinAPIVersion: '1.24' };
  const server = createServer((request, response) => {
    if (request.url === '/version') response.end(JSON.stringify(version));
    else response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return await connectEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });
}
