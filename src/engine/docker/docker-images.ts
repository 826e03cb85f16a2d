import type { IncomingMessage } from 'node:http';
import { finished, Readable } from 'node:stream';

import { object } from 'valibot';

import { imageId, readAnswer, unlessAbsent } from './answer.ts';
import type { DockerClient } from './docker-client.ts';
import type { EngineFlavour } from '../engine.ts';
import { parseImageId, type ContainerId } from '../identifiers.ts';
import { labelInstructions } from '../image-labels.ts';
import { fullImageId, imageAnswer, imageList, imageOf, listedImageOf } from './image-answer.ts';
import type { CommitRequest, Images, ImportRequest } from '../images.ts';
import { EngineRefusal } from '../refusal.ts';
import { followMessages, type StatusMessage } from './status-messages.ts';

/** The {@link Images} of an engine over dockerode. */
export function dockerImages(client: DockerClient, flavour: EngineFlavour): Images {
  const stored = storedImages(client, flavour);
  const sources = imageSources(client, flavour);
  if (flavour !== 'podman') return { ...stored, ...sources };
  return {
    ...stored,
    ...sources,
    async importImage(archive, request, signal) {
      const id = await sources.importImage(archive, request, signal);
      // Podman 4.3 does not give the image a name that has a tag.
      await stored.tagImage(id, request.name);
      return id;
    },
  };
}

type StoredImages = Pick<Images, 'inspectImage' | 'imagesWithLabel' | 'listImageNames' | 'tagImage' | 'removeImage'>;

/** The methods that work on existing images. */
function storedImages(client: DockerClient, flavour: EngineFlavour): StoredImages {
  return {
    async inspectImage(name) {
      const step = `inspect image ${name}`;
      const answer = client.repeat(step, (docker) => docker.getImage(name).inspect());
      const found = await unlessAbsent(readAnswer(imageAnswer, answer));
      return found === undefined ? undefined : imageOf(found, flavour);
    },

    async imagesWithLabel(label) {
      const answer = client.repeat(`list images with label ${label}`, (docker) =>
        docker.listImages({ filters: { label: [label] } }),
      );
      return (await readAnswer(imageList, answer)).map((found) => listedImageOf(found, flavour));
    },

    async listImageNames() {
      const answer = client.repeat('list images', (docker) => docker.listImages());
      return (await readAnswer(imageList, answer)).flatMap((found) => listedImageOf(found, flavour).names);
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
  };
}

/** The methods that bring a new image into the engine: from a registry, from a container, from an archive. */
function imageSources(
  client: DockerClient,
  flavour: EngineFlavour,
): Pick<Images, 'pullImage' | 'commitContainer' | 'importImage' | 'saveImage' | 'loadImages'> {
  return {
    ...imageArchives(client),

    async pullImage(name, onProgress, signal) {
      const { repository, tag } = splitImageName(name);
      const query = { fromImage: repository, tag: tag ?? 'latest', abortSignal: signal };
      const step = `pull image ${name}`;
      const answer = await client.call(step, (docker) => docker.createImage(query), signal);
      const onMessage = ({ id, status, progressDetail }: StatusMessage): void =>
        onProgress({ layer: id, status, ...progressDetail });
      await client.call(step, () => followMessages(answer as IncomingMessage, onMessage), signal);
    },

    async commitContainer(id, request) {
      const answer = client.call(`commit container ${id} as ${request.name}`, (docker) =>
        docker.getContainer(id).commit(commitOptions(flavour, id, request)),
      );
      return fullImageId((await readAnswer(committed, answer)).Id);
    },

    async importImage(archive, request, signal) {
      const step = `import image ${request.name}`;
      let id = '';
      await sendWholeArchive(archive, signal, async (ending) => {
        const query = { ...importQuery(request), abortSignal: ending };
        // dockerode takes a path or a stream; its types have only the path.
        const file = archive as unknown as string;
        const answer = await client.call(step, (docker) => docker.importImage(file, query), ending);
        const onMessage = ({ status }: StatusMessage): void => void (id = status);
        await client.call(step, () => followMessages(answer as IncomingMessage, onMessage), ending);
      });
      // The id is the last message; the messages before it describe the progress.
      const image = parseImageId(id);
      if (image === undefined) throw new EngineRefusal(200, `the answer has no image id: ${id}`);
      return fullImageId(image);
    },
  };
}

/** The methods that carry images from one engine to another. */
function imageArchives(client: DockerClient): Pick<Images, 'saveImage' | 'loadImages'> {
  return {
    async saveImage(id) {
      const step = `save image ${id}`;
      try {
        const answer: unknown = await client.repeat(step, (docker) => docker.getImage(id).get());
        return answer instanceof Readable ? answer : undefined;
      } catch (error) {
        if (!(error instanceof EngineRefusal)) throw error;
        // Docker 20.10 answers 500 if it does not have the image.
        const found = await unlessAbsent(client.repeat(step, (docker) => docker.getImage(id).inspect()));
        if (found === undefined) return undefined;
        throw error;
      }
    },

    async loadImages(archive, signal) {
      await sendWholeArchive(archive, signal, async (ending) => {
        const query = { quiet: 1, abortSignal: ending };
        const answer = await client.call('load images', (docker) => docker.loadImage(archive, query), ending);
        await client.call('load images', () => followMessages(answer as IncomingMessage, () => undefined), ending);
      });
    },
  };
}

/**
 * Sends an archive. If the archive fails or the signal is aborted, the function aborts the request, because nothing else would
 * end it, and throws the archive's error or the signal's reason. Closes the archive in any case.
 */
async function sendWholeArchive(
  archive: Readable,
  signal: AbortSignal,
  send: (ending: AbortSignal) => Promise<void>,
): Promise<void> {
  const broken = new AbortController();
  const ignore = finished(archive, { writable: false }, (error) => {
    if (error) broken.abort(error);
  });
  try {
    await send(AbortSignal.any([signal, broken.signal]));
  } finally {
    ignore();
    // An error after this moment has no reader.
    archive.on('error', () => undefined).destroy();
  }
}

/** Each change is a separate parameter, because Podman does not split the changes of an import into lines. */
function importQuery({ name, changes }: ImportRequest): Record<string, string | readonly string[]> {
  const { repository, tag } = splitImageName(name);
  return { repo: repository, tag: tag ?? 'latest', changes };
}

/**
 * The query and the body of a commit. The labels of an image name all packages, and a proxy may limit the length of a request line, as
 * HAProxy does. Docker takes labels from the body, and adds those of the container. Podman ignores the body.
 *
 * A body that is not empty replaces the container's own settings. The engine then adds user, environment, labels, ports,
 * volumes, health check, working directory and stop signal again, but not host name, open and attached streams and
 * terminal, which only a container has (moby, daemon/commit.go).
 */
function commitOptions(flavour: EngineFlavour, id: ContainerId, { name, changes, labels = {} }: CommitRequest): object {
  const { repository, tag } = splitImageName(name);
  const lines = flavour === 'podman' ? [...changes, ...labelInstructions(labels)] : changes;
  const query = {
    container: id,
    repo: repository,
    ...(tag === undefined ? {} : { tag }),
    // Podman does not pause by default.
    pause: 'true',
    changes: lines.join('\n'),
  };
  return { _query: query, _body: { Hostname: '', ...(flavour === 'podman' ? {} : { Labels: labels }) } };
}

const committed = object({ Id: imageId });

/** Splits `name:tag`. A digest stays in the tag, as `POST /images/create` takes it there. */
function splitImageName(name: string): { repository: string; tag: string | undefined } {
  const at = name.indexOf('@');
  if (at > 0) return { repository: name.slice(0, at), tag: name.slice(at + 1) };
  const colon = name.lastIndexOf(':');
  if (colon <= name.lastIndexOf('/')) return { repository: name, tag: undefined };
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}
