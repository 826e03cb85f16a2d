import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { ExecInspectInfo } from 'dockerode';

import { unlessAbsent } from './absent.ts';
import { demultiplex } from './demultiplex.ts';
import type { DockerClient } from './docker-client.ts';
import { type ContainerId, type Engine, EngineRefusal, type ExecId, type ExecRequest } from './engine.ts';

type ExecCalls = Pick<Engine, 'holdStdin' | 'execAttached' | 'execDetached' | 'execExitCode'>;

/** Processes in containers and the streams of process 1. */
export function execCalls(client: DockerClient): ExecCalls {
  /** `POST /containers/{id}/exec`: makes the exec without starting it. */
  async function createExec(id: ContainerId, request: ExecRequest, attached: boolean): Promise<ExecId> {
    const body = {
      AttachStdin: attached,
      AttachStdout: attached,
      AttachStderr: attached,
      Cmd: [...request.command],
      Env: Object.entries(request.environment ?? {}).map(([name, value]) => `${name}=${value}`),
      ...(request.workingDirectory === undefined ? {} : { WorkingDir: request.workingDirectory }),
    };
    const made = await client.call(`create an exec in container ${id}`, (docker) => docker.getContainer(id).exec(body));
    return made.id as ExecId;
  }

  return {
    async holdStdin(id) {
      const attached = await client.call(`attach to container ${id}`, (docker) =>
        docker.getContainer(id).attach({ stream: true, stdin: true, stdout: true, hijack: true }),
      );
      const socket = hijacked(attached as Duplex);
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      socket.once('close', resolve);
      // Output that nobody reads would block process 1 once the buffers are full.
      socket.resume();
      return { ended, ...inputOf(socket) };
    },

    async execAttached(id, request) {
      const exec = await createExec(id, request, true);
      const started = await client.call(`start an exec in container ${id}`, (docker) =>
        docker.getExec(exec).start({ hijack: true, Detach: false, Tty: false }),
      );
      const socket = hijacked(started);
      return { id: exec, output: demultiplex(socket), ...inputOf(socket) };
    },

    async execDetached(id, request) {
      const exec = await createExec(id, request, false);
      const answer = await client.call(`start an exec in container ${id}`, (docker) =>
        docker.getExec(exec).start({ Detach: true, Tty: false }),
      );
      answer.resume();
      return exec;
    },

    async execExitCode(id) {
      const found = await unlessAbsent(client.repeat(`inspect exec ${id}`, (docker) => docker.getExec(id).inspect()));
      return found === undefined ? undefined : exitCodeOf(found);
    },
  };
}

/**
 * Docker leaves the code null until the end. Podman says 0 from the start; an exec that has ended with 0 and one that was
 * not started yet differ only in that the former may be removed. A command that could not be started has a code, 126 or
 * 127, and never had a process id.
 */
function exitCodeOf(exec: ExecInspectInfo): number | undefined {
  if (exec.Running || exec.ExitCode === null) return undefined;
  return exec.Pid > 0 || exec.ExitCode !== 0 || exec.CanRemove ? exec.ExitCode : undefined;
}

/** The connection, now a plain stream in both directions. An answer that is no upgrade leaves an HTTP response. */
function hijacked(stream: Duplex): Socket {
  if (!(stream instanceof Socket)) {
    stream.destroy();
    throw new EngineRefusal(200, 'the engine did not upgrade the connection to a stream; is there a proxy in between?');
  }
  // Errors of a connection that is being given up, or was cut, show as its end.
  stream.on('error', () => undefined);
  stream.setKeepAlive(true, 15_000);
  return stream;
}

function inputOf(socket: Socket): { write(data: Uint8Array): void; close(): void } {
  return {
    write(data) {
      if (socket.writable) socket.write(data);
    },
    close() {
      socket.destroySoon();
    },
  };
}
