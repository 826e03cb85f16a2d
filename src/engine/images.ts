import type { Readable } from 'node:stream';

import type { ContainerId, ImageId } from './identifiers.ts';

/** An image, as `GET /images/{name}/json` describes it. */
export interface Image {
  readonly id: ImageId;
  /** All names of the image, as `name:tag`, without the registry that Podman puts in front of local names. */
  readonly names: readonly string[];
  /** `name@sha256:...` as pulled from or pushed to a registry; empty for an image that was made on this engine. */
  readonly digests: readonly string[];
  readonly layers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  /** The environment of its processes, `ENV` in a Dockerfile, each as `NAME=value`. */
  readonly environment: readonly string[];
  /** The user of its processes, `USER` in a Dockerfile; empty if it has none, which means root. */
  readonly user: string;
  /** The paths for which a container gets a volume, `VOLUME` in a Dockerfile. No commit has the files in a volume. */
  readonly volumes: readonly string[];
  /** The time at which the image was made, in RFC 3339 as the engine formats it. */
  readonly created: string;
  /** The size of all layers in bytes, including layers that other images share. */
  readonly size: number;
}

/** An image in a list of images, with fewer details. */
export interface ListedImage extends Pick<Image, 'id' | 'names' | 'labels' | 'created' | 'size'> {
  /** The image from which this image was committed or built, one layer below; undefined if the engine does not record it. */
  readonly parent: ImageId | undefined;
}

/** Progress of one layer of a pull, in bytes; of the whole pull if `layer` is empty. */
export interface PullProgress {
  readonly layer: string;
  readonly status: string;
  readonly current: number;
  readonly total: number;
}

/** The name and the changes of an image that a commit makes. */
export interface CommitRequest {
  /** `name:tag` */
  readonly name: string;
  /** Dockerfile instructions, one each, applied to the container's configuration. */
  readonly changes: readonly string[];
  /** Labels beside those of the container, which they override; each at most as long as `splitLabels` makes it. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The name and the configuration of an image that an import makes. */
export interface ImportRequest {
  /** `name:tag` */
  readonly name: string;
  /** Dockerfile instructions, one each; an imported image has no other configuration. */
  readonly changes: readonly string[];
}

/** The images of an engine; `engine.ts` describes the errors of the methods. */
export interface Images {
  inspectImage(name: string): Promise<Image | undefined>;
  /**
   * Lists the images with a label, `name=value`, inherited labels included. An image without a name is listed only if no
   * other image was built from it.
   */
  imagesWithLabel(label: string): Promise<readonly ListedImage[]>;
  /** Lists the names of all images, `name:tag` each. */
  listImageNames(): Promise<readonly string[]>;
  /** Pulls `name`. Rejects with an `EngineRefusal` if the registry refuses or cannot be reached. */
  pullImage(name: string, onProgress: (progress: PullProgress) => void, signal: AbortSignal): Promise<void>;
  tagImage(id: ImageId | string, name: string): Promise<void>;
  removeImage(name: string): Promise<void>;
  /**
   * Commits a container and returns the image's id; the container is paused meanwhile. The image does not inherit host name,
   * attached streams and entrypoint of the container. It inherits the command unless `changes` has a `CMD`. If another image
   * has the name, the name moves to the new image; `container/reserve-image-name.ts` prevents such a move.
   */
  commitContainer(id: ContainerId, request: CommitRequest): Promise<ImageId>;
  /**
   * Makes an image of one layer from a tar stream and returns its id. If another image has the name, the name moves to the new
   * image. If the stream fails, no image is made and the stream's error is thrown. If the signal is aborted, also after the
   * end of the stream, the request ends and the signal's reason is thrown.
   */
  importImage(archive: Readable, request: ImportRequest, signal: AbortSignal): Promise<ImageId>;
  /** Returns a tar stream of an image with all its layers, for {@link Images.loadImages}; undefined if there is no such image. */
  saveImage(id: ImageId): Promise<Readable | undefined>;
  /**
   * Adds the images of an archive of {@link Images.saveImage}, which keep their ids and, as they were saved by id, have no names.
   * If the archive fails or the signal is aborted, the request ends and that error is thrown.
   */
  loadImages(archive: Readable, signal: AbortSignal): Promise<void>;
}
