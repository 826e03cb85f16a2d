import { boolean, nullish, number, object, type InferOutput } from 'valibot';

import { execId, readAnswer, unlessAbsent } from './answer.ts';
import { demultiplex, readTerminal } from './demultiplex.ts';
import { type DockerClient, acceptBelow400 } from './docker-client.ts';
import { hijacked, inputOf, send } from './docker-streams.ts';
import type { AttachedExec, ExecRequest, Execs, OutputChunk } from '../execs.ts';
import type { ContainerId, ExecId } from '../identifiers.ts';
import { EngineRefusal } from '../refusal.ts';

/**
 * The keys that detach from a terminal, by default Ctrl-P Ctrl-Q. The engine delays the first key until it sees the next one,
 * and refuses an empty list. So this is a sequence that no user types, starting with Ctrl-@.
 */
const detachKeys = 'ctrl-@,ctrl-^,ctrl-@,ctrl-_,ctrl-@,ctrl-^,ctrl-@,ctrl-_';

/** The {@link Execs} of an engine over dockerode. */
export function dockerExecs(client: DockerClient): Execs {
  return {
    async execAttached(id, request) {
      const exec = await createExec(client, id, request, true);
      const started = await client.call(`start an exec in container ${id}`, (docker) =>
        docker.getExec(exec).start({ hijack: true, Detach: false, Tty: request.tty ?? false }),
      );
      const socket = hijacked(started);
      const output = heard(client, request.tty === true ? readTerminal(socket) : demultiplex(socket));
      return { id: exec, output, send: (data) => send(socket, data), endInput: () => socket.end(), ...inputOf(socket) };
    },

    async execDetached(id, request) {
      const exec = await createExec(client, id, request, false);
      const answer = await client.call(`start an exec in container ${id}`, (docker) =>
        docker.getExec(exec).start({ Detach: true, Tty: false }),
      );
      answer.resume();
      return exec;
    },

    async resizeExec(id, { columns, rows }) {
      try {
        await client.repeat(`resize the terminal of exec ${id}`, (docker) =>
          acceptBelow400(docker.getExec(id).resize({ h: rows, w: columns })),
        );
      } catch (error) {
        // Engines refuse the resize of an exec that has ended with different statuses and words.
        if (!(error instanceof EngineRefusal) || (await inspectExec(client, id))?.Running === true) throw error;
      }
    },

    async execExitCode(id) {
      const found = await inspectExec(client, id);
      return found === undefined ? undefined : exitCodeOf(found);
    },
  };
}

/** Notes each piece of output as a sign of life of the engine. */
async function* heard(client: DockerClient, output: AttachedExec['output']): AsyncGenerator<OutputChunk, void> {
  for await (const chunk of output) {
    client.hear();
    yield chunk;
  }
}

/** Creates an exec and does not start it (`POST /containers/{id}/exec`). */
async function createExec(
  client: DockerClient,
  id: ContainerId,
  request: ExecRequest,
  attached: boolean,
): Promise<ExecId> {
  const body = execBody(request, attached);
  const answer = client.call(`create an exec in container ${id}`, (docker) => docker.getContainer(id).exec(body));
  return (await readAnswer(createdExec, answer)).id;
}

function execBody({ command, environment, workingDirectory, tty }: ExecRequest, attached: boolean) {
  return {
    // The image may name another user, who cannot run emerge. The number 0 has the groups and the home directory of root.
    User: '0',
    AttachStdin: attached,
    AttachStdout: attached,
    AttachStderr: attached,
    ...(tty === true ? { Tty: true, DetachKeys: detachKeys } : {}),
    Cmd: [...command],
    Env: Object.entries(environment ?? {}).map(([name, value]) => `${name}=${value}`),
    ...(workingDirectory === undefined ? {} : { WorkingDir: workingDirectory }),
  };
}

function inspectExec(client: DockerClient, id: ExecId): Promise<ExecAnswer | undefined> {
  const answer = client.repeat(`inspect exec ${id}`, (docker) => docker.getExec(id).inspect());
  return unlessAbsent(readAnswer(execAnswer, answer));
}

/** The id in the answer; dockerode wraps the answer in an object that has the same field. */
const createdExec = object({ id: execId });

const execAnswer = object({
  Running: boolean(),
  ExitCode: nullish(number()),
  Pid: nullish(number(), 0),
  CanRemove: nullish(boolean(), false),
});
type ExecAnswer = InferOutput<typeof execAnswer>;

/**
 * Docker says null until the process has ended. Podman says 0 from the start: an exec that has ended with 0 differs from one
 * that was not started yet only in `CanRemove`. A command that could not be started has a code, 126 or 127, and no pid.
 */
function exitCodeOf({ Running, ExitCode, Pid, CanRemove }: ExecAnswer): number | undefined {
  if (Running || ExitCode === null || ExitCode === undefined) return undefined;
  return Pid > 0 || ExitCode !== 0 || CanRemove ? ExitCode : undefined;
}
