import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { finished, type Readable } from 'node:stream';

import type { DockerClient } from './docker-client.ts';
import {
  type CommitRequest,
  type ContainerId,
  type Engine,
  EngineRefusal,
  type Image,
  type ImageId,
  type ImportRequest,
  type ListedImage,
} from './engine.ts';
import type { ImageInfo, ImageInspectInfo } from 'dockerode';

import { unlessAbsent } from './absent.ts';

type ImageCalls = Pick<
  Engine,
  'inspectImage' | 'imagesWithLabel' | 'pullImage' | 'tagImage' | 'removeImage' | 'commitContainer' | 'importImage'
>;

/** Images: inspect, list, pull, tag, remove, commit, import. */
export function imageCalls(client: DockerClient): ImageCalls {
  return {
    async inspectImage(name) {
      const found = await unlessAbsent(
        client.repeat(`inspect image ${name}`, (docker) => docker.getImage(name).inspect()),
      );
      return found === undefined ? undefined : imageOf(found);
    },

    async imagesWithLabel(label) {
      const found = await client.repeat(`list images with label ${label}`, (docker) =>
        docker.listImages({ filters: { label: [label] } }),
      );
      return found.map(listedImageOf);
    },

    async pullImage(name, onProgress, signal) {
      const { repository, tag } = splitImageName(name);
      const query = { fromImage: repository, tag: tag ?? 'latest', abortSignal: signal };
      const step = `pull image ${name}`;
      const answer = await client.call(step, (docker) => docker.createImage(query), signal);
      const onMessage = ({ id = '', status = '', progressDetail = {} }: StatusMessage): void => {
        onProgress({ layer: id, status, current: progressDetail.current ?? 0, total: progressDetail.total ?? 0 });
      };
      await client.call(step, () => followMessages(answer as IncomingMessage, onMessage), signal);
    },

    async tagImage(id, name) {
      const { repository, tag } = splitImageName(name);
      await client.repeat(`tag image ${id} as ${name}`, (docker) =>
        docker.getImage(id).tag({ repo: repository, tag: tag ?? 'latest' }),
      );
    },

    async removeImage(name) {
      await unlessAbsent(client.repeat(`remove image ${name}`, (docker) => docker.getImage(name).remove()));
    },

    async commitContainer(id, request) {
      const answer: unknown = await client.call(`commit container ${id} as ${request.name}`, (docker) =>
        docker.getContainer(id).commit({ _query: commitQuery(id, request), _body: commitBody } as object),
      );
      return fullImageId((answer as { Id: string }).Id);
    },

    async importImage(archive, request) {
      const step = `import image ${request.name}`;
      let id = '';
      await whileWhole(archive, async (signal) => {
        const query = { ...importQuery(request), abortSignal: signal };
        // A path or a stream, says dockerode; its types know of the path alone.
        const file = archive as unknown as string;
        const answer = await client.call(step, (docker) => docker.importImage(file, query), signal);
        const onMessage = ({ status = '' }: StatusMessage): void => void (id = status);
        await client.call(step, () => followMessages(answer as IncomingMessage, onMessage), signal);
      });
      // The last of the messages, after any that tell how far it is.
      if (!/^(?:sha256:)?[0-9a-f]{64}$/.test(id)) throw new EngineRefusal(200, `the answer has no image id: ${id}`);
      return fullImageId(id);
    },
  };
}

/**
 * Sends an archive, and gives the request up when the archive breaks off: nothing else would end it. Throws the
 * archive's error then. The archive is closed in any case.
 */
async function whileWhole(archive: Readable, send: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const broken = new AbortController();
  const ignore = finished(archive, { writable: false }, (error) => {
    if (error) broken.abort(error);
  });
  try {
    await send(broken.signal);
  } finally {
    ignore();
    // Whoever reads it gets no error of a stream that nobody wants any more.
    archive.on('error', () => undefined).destroy();
  }
}

function importQuery({ name, changes, comment }: ImportRequest): Record<string, string> {
  const { repository, tag } = splitImageName(name);
  return {
    repo: repository,
    tag: tag ?? 'latest',
    // Docker refuses an empty one.
    ...(changes.length === 0 ? {} : { changes: changes.join('\n') }),
    ...(comment === undefined ? {} : { message: comment }),
  };
}

/**
 * A body that is not empty replaces the container's own settings; the engine then fills in user, environment, labels,
 * ports, volumes, health check, working directory and stop signal again, and nothing that only a container has: host
 * name, open and attached streams, terminal (moby, daemon/commit.go). Podman ignores it.
 */
const commitBody = { Hostname: '' };

function commitQuery(id: ContainerId, request: CommitRequest): Record<string, string> {
  const { repository, tag } = splitImageName(request.name);
  return {
    container: id,
    repo: repository,
    ...(tag === undefined ? {} : { tag }),
    // Podman's default is not to pause.
    pause: 'true',
    changes: request.changes.join('\n'),
    ...(request.comment === undefined ? {} : { comment: request.comment }),
  };
}

/** A digest stays with the name: `POST /images/create` takes it as the tag. */
function splitImageName(name: string): { repository: string; tag: string | undefined } {
  const at = name.indexOf('@');
  if (at > 0) return { repository: name.slice(0, at), tag: name.slice(at + 1) };
  const colon = name.lastIndexOf(':');
  if (colon <= name.lastIndexOf('/')) return { repository: name, tag: undefined };
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

/** Podman leaves the algorithm out in the answer to a commit, and nowhere else. */
function fullImageId(id: string): ImageId {
  return (id.includes(':') ? id : `sha256:${id}`) as ImageId;
}

type ImageAnswer = Pick<ImageInspectInfo, 'Id' | 'RepoTags' | 'RepoDigests' | 'RootFS' | 'Config' | 'Created' | 'Size'>;

function imageOf(answer: ImageAnswer): Image {
  return {
    id: answer.Id as ImageId,
    names: answer.RepoTags ?? [],
    digests: answer.RepoDigests ?? [],
    layers: answer.RootFS?.Layers ?? [],
    labels: answer.Config?.Labels ?? {},
    entrypoint: [answer.Config?.Entrypoint ?? []].flat(),
    created: answer.Created ?? '',
    size: answer.Size ?? 0,
  };
}

/** An image without a name has the name `<none>:<none>` in older engines' lists. */
function listedImageOf({ Id, ParentId, RepoTags, Labels, Created, Size }: ImageInfo): ListedImage {
  return {
    id: Id as ImageId,
    names: ((RepoTags ?? []) as readonly string[]).filter((name) => name !== '<none>:<none>'),
    labels: Labels ?? {},
    parent: ParentId ? fullImageId(ParentId) : undefined,
    created: new Date(Created * 1000).toISOString(),
    size: Size,
  };
}

interface StatusMessage {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

/** Status lines until the end; an error among them, which is how a pull fails after its 200, becomes a refusal. */
async function followMessages(answer: IncomingMessage, onMessage: (message: StatusMessage) => void): Promise<void> {
  const lines = createInterface({ input: answer, crlfDelay: Infinity });
  // readline swallows errors of its input: what cuts the connection must end the pull as a failure.
  let cut: Error | undefined;
  answer.on('error', (error) => {
    cut = error;
    lines.close();
  });
  for await (const line of lines) {
    if (line === '') continue;
    const message = JSON.parse(line) as StatusMessage;
    if (message.error !== undefined) {
      answer.destroy();
      throw new EngineRefusal(500, message.error);
    }
    onMessage(message);
  }
  if (cut !== undefined) throw cut;
}
