import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { ExecInspectInfo } from 'dockerode';

import { unlessAbsent } from './absent.ts';
import { demultiplex, readTerminal } from './demultiplex.ts';
import type { DockerClient } from './docker-client.ts';
import { type ContainerId, type Engine, EngineRefusal, type ExecId, type ExecRequest } from './engine.ts';

type ExecCalls = Pick<Engine, 'holdStdin' | 'execAttached' | 'execDetached' | 'resizeExec' | 'execExitCode'>;

/**
 * What is typed to be detached from a terminal, by default Ctrl-P Ctrl-Q: the engine keeps the first key back until it
 * has seen the next one, and nothing at all is not accepted. So it is what nobody types, beginning with Ctrl-@.
 */
const detachKeys = 'ctrl-@,ctrl-^,ctrl-@,ctrl-_,ctrl-@,ctrl-^,ctrl-@,ctrl-_';

/** What Podman answers to a resize that it has carried out. */
const podmanResized = 201;

/** Processes in containers and the streams of process 1. */
export function execCalls(client: DockerClient): ExecCalls {
  /** `POST /containers/{id}/exec`: makes the exec without starting it. */
  async function createExec(id: ContainerId, request: ExecRequest, attached: boolean): Promise<ExecId> {
    const body = {
      AttachStdin: attached,
      AttachStdout: attached,
      AttachStderr: attached,
      ...(request.tty === true ? { Tty: true, DetachKeys: detachKeys } : {}),
      Cmd: [...request.command],
      Env: Object.entries(request.environment ?? {}).map(([name, value]) => `${name}=${value}`),
      ...(request.workingDirectory === undefined ? {} : { WorkingDir: request.workingDirectory }),
    };
    const made = await client.call(`create an exec in container ${id}`, (docker) => docker.getContainer(id).exec(body));
    return made.id as ExecId;
  }

  function inspectExec(id: ExecId): Promise<ExecInspectInfo | undefined> {
    return unlessAbsent(client.repeat(`inspect exec ${id}`, (docker) => docker.getExec(id).inspect()));
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
        docker.getExec(exec).start({ hijack: true, Detach: false, Tty: request.tty ?? false }),
      );
      const socket = hijacked(started);
      const output = request.tty === true ? readTerminal(socket) : demultiplex(socket);
      return { id: exec, output, send: (data) => send(socket, data), endInput: () => socket.end(), ...inputOf(socket) };
    },

    async execDetached(id, request) {
      const exec = await createExec(id, request, false);
      const answer = await client.call(`start an exec in container ${id}`, (docker) =>
        docker.getExec(exec).start({ Detach: true, Tty: false }),
      );
      answer.resume();
      return exec;
    },

    async resizeExec(id, { columns, rows }) {
      try {
        await client.repeat(`resize the terminal of exec ${id}`, (docker) =>
          docker.getExec(id).resize({ h: rows, w: columns }),
        );
      } catch (error) {
        if (!(error instanceof EngineRefusal)) throw error;
        if (error.status === podmanResized) return;
        // One that has ended is refused in different words and with different statuses.
        if ((await inspectExec(id))?.Running === true) throw error;
      }
    },

    async execExitCode(id) {
      const found = await inspectExec(id);
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

/** Settles when the socket has passed on so much that it takes more, or has ended. */
async function send(socket: Socket, data: Uint8Array): Promise<void> {
  if (!socket.writable || socket.write(data)) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle).off('close', settle);
      resolve();
    };
    socket.on('drain', settle).on('close', settle);
  });
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
