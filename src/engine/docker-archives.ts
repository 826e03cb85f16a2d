import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

import { unlessAbsent } from './absent.ts';
import type { DockerClient } from './docker-client.ts';
import { type ContainerId, type Engine, EngineRefusal, type PathStat } from './engine.ts';

/** Files in containers, by the archive calls: they need no process in the container. */
export function archiveCalls(client: DockerClient): Pick<Engine, 'statPath' | 'readArchive' | 'writeArchive'> {
  /** 404 stands for a missing path and for a missing container: only the former is an answer. */
  async function unlessPathAbsent<T>(id: ContainerId, request: Promise<T>): Promise<T | undefined> {
    const answer = await unlessAbsent(request);
    if (answer !== undefined) return answer;
    const step = `inspect container ${id}`;
    await client.call(step, (docker) => docker.getContainer(id).inspect());
    return undefined;
  }

  return {
    async statPath(id, path) {
      const answer = await unlessPathAbsent(
        id,
        client.repeat(`stat ${path} in container ${id}`, (docker) => docker.getContainer(id).infoArchive({ path })),
      );
      if (answer === undefined) return undefined;
      const response = answer as unknown as IncomingMessage;
      response.resume();
      return pathStatOf(response.headers['x-docker-container-path-stat']);
    },

    async readArchive(id, path) {
      const answer = await unlessPathAbsent(
        id,
        client.repeat(`read ${path} in container ${id}`, (docker) => docker.getContainer(id).getArchive({ path })),
      );
      return answer as Readable | undefined;
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

/** Bits of Go's `os.FileMode`, which is what the header carries. */
const modeDirectory = 0x8000_0000;
const modeSymlink = 0x0800_0000;
/** Named pipe, socket, device, character device, irregular. */
const modeSpecial = 0x0200_0000 | 0x0100_0000 | 0x0400_0000 | 0x0020_0000 | 0x0008_0000;

/** Reads base64 of JSON (Docker Engine API, "Get information about files in a container"). */
function pathStatOf(header: string | string[] | undefined): PathStat {
  if (typeof header !== 'string') throw new EngineRefusal(200, 'the answer has no X-Docker-Container-Path-Stat');
  const stat = JSON.parse(Buffer.from(header, 'base64').toString()) as {
    readonly name: string;
    readonly size: number;
    readonly mode: number;
    readonly mtime: string;
    readonly linkTarget: string;
  };
  return {
    name: stat.name,
    size: stat.size,
    kind: kindOf(stat.mode),
    linkTarget: stat.linkTarget,
    modified: new Date(stat.mtime),
  };
}

function kindOf(mode: number): PathStat['kind'] {
  if ((mode & modeDirectory) !== 0) return 'directory';
  if ((mode & modeSymlink) !== 0) return 'symlink';
  return (mode & modeSpecial) === 0 ? 'file' : 'other';
}
