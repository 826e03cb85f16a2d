import { Readable } from 'node:stream';

import { number, object, optional, safeParse, string } from 'valibot';

import { Failure } from '../../failure.ts';
import { parseJson } from '../../parse-json.ts';
import { unlessAbsent } from './answer.ts';
import type { Containers, PathStat } from '../containers.ts';
import type { DockerClient } from './docker-client.ts';
import type { ContainerId } from '../identifiers.ts';
import { EngineRefusal } from '../refusal.ts';
import { watchOutput } from '../watch-output.ts';

/**
 * An engine sends an archive without pauses; only its disk or a network file system may stop it. If an answer brings no byte
 * for this time, it counts as half open, even if the engine answers other requests.
 */
const longestSilenceMs = 2 * 60_000;

/** Reads and writes files in containers with archive requests, which need no process in the container. */
export function dockerArchives(client: DockerClient): Pick<Containers, 'statPath' | 'readArchive' | 'writeArchive'> {
  /** Returns undefined if the path is missing, and throws if the container is missing; the engine answers 404 to both. */
  async function unlessPathAbsent<T>(id: ContainerId, request: Promise<T>): Promise<T | undefined> {
    const answer = await unlessAbsent(request);
    if (answer !== undefined) return answer;
    await client.call(`inspect container ${id}`, (docker) => docker.getContainer(id).inspect());
    return undefined;
  }

  return {
    async statPath(id, path) {
      const answer: unknown = await unlessPathAbsent(
        id,
        client.repeat(`stat ${path} in container ${id}`, (docker) => docker.getContainer(id).infoArchive({ path })),
      );
      if (answer === undefined) return undefined;
      if (answer instanceof Readable) answer.resume();
      return pathStatOf(answer);
    },

    async readArchive(id, path) {
      const step = `read ${path} in container ${id}`;
      const answer: unknown = await unlessPathAbsent(
        id,
        client.repeat(step, (docker) => docker.getContainer(id).getArchive({ path })),
      );
      return answer instanceof Readable ? archiveIn(answer, client, step) : undefined;
    },

    async writeArchive(id, directory, archive) {
      try {
        await client.call(`write to ${directory} in container ${id}`, (docker) =>
          docker.getContainer(id).putArchive(archive, { path: directory }),
        );
      } finally {
        archive.destroy();
      }
    },
  };
}

/**
 * The archive in an answer of the engine. If the engine is lost while the archive flows, the archive fails with a `Failure`
 * `engine-lost`, also if nothing closes the connection. Destroying the archive closes the connection.
 */
function archiveIn(answer: Readable, client: DockerClient, step: string): Readable {
  // Node drops the error of an answer without a listener, and the answer then looks as if nobody wanted its rest.
  answer.on('error', () => undefined);
  const connection = { output: answer, close: () => void answer.destroy() };
  const pieces = watchOutput<unknown>(connection, (silentMs) => silentMs >= longestSilenceMs);
  async function readPiece(): Promise<unknown> {
    const next = await client.call(step, () => pieces.next());
    if (next.done !== true) return next.value;
    if (next.value === 'ended') return null;
    const silence = `the connection to the Docker engine at ${client.address} brought no byte for ${longestSilenceMs / 1000} s`;
    throw new Failure('engine-lost', `failed to ${step}: ${silence}`, {
      hint: 'check whether the engine still runs (docker version), and whether a proxy closes connections, then run again',
    });
  }
  return new Readable({
    read() {
      readPiece().then(
        (piece) => this.push(piece),
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    destroy(error, done) {
      answer.destroy();
      done(error);
    },
  });
}

/** Bits of Go's `os.FileMode`. */
const modeDirectory = 0x8000_0000;
const modeSymlink = 0x0800_0000;
/** Named pipe, socket, device, character device, irregular. */
const modeSpecial = 0x0200_0000 | 0x0100_0000 | 0x0400_0000 | 0x0020_0000 | 0x0008_0000;

const statAnswer = object({ headers: object({ 'x-docker-container-path-stat': string() }) });

const statHeader = object({
  name: string(),
  size: number(),
  mode: number(),
  mtime: string(),
  linkTarget: optional(string(), ''),
});

/** Reads the base64 of JSON in the header (Docker Engine API, "Get information about files in a container"). */
function pathStatOf(answer: unknown): PathStat {
  const { success, output } = safeParse(statAnswer, answer);
  const encoded = success ? output.headers['x-docker-container-path-stat'] : '';
  const stat = parseJson(statHeader, Buffer.from(encoded, 'base64').toString());
  if (stat === undefined) throw new EngineRefusal(200, 'the answer has no X-Docker-Container-Path-Stat');
  const { name, size, mode, mtime, linkTarget } = stat;
  const kind = kindOf(mode);
  // Podman 4.3 gives every file a target: the file itself.
  return { name, size, kind, linkTarget: kind === 'symlink' ? linkTarget : '', modified: new Date(mtime) };
}

function kindOf(mode: number): PathStat['kind'] {
  if ((mode & modeDirectory) !== 0) return 'directory';
  if ((mode & modeSymlink) !== 0) return 'symlink';
  return (mode & modeSpecial) === 0 ? 'file' : 'other';
}
