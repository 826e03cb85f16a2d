import {
  array,
  literal,
  nullish,
  number,
  object,
  optional,
  record,
  string,
  union,
  unknown,
  type InferOutput,
} from 'valibot';

import { imageId } from './answer.ts';
import type { EngineFlavour } from '../engine.ts';
import { parseImageId, type ImageId } from '../identifiers.ts';
import type { Image, ListedImage } from '../images.ts';

const labels = nullish(record(string(), string()), {});
const names = nullish(array(string()), []);

/** The answer that describes an image. */
export const imageAnswer = object({
  Id: imageId,
  RepoTags: names,
  RepoDigests: names,
  RootFS: nullish(object({ Layers: names }), {}),
  Config: nullish(
    object({
      Labels: labels,
      Entrypoint: nullish(union([string(), array(string())]), []),
      Env: nullish(array(string()), []),
      User: nullish(string(), ''),
      Volumes: nullish(record(string(), unknown()), {}),
    }),
    {},
  ),
  Created: nullish(string(), ''),
  Size: nullish(number(), 0),
});

/** Reads an {@link Image} from an engine's answer. */
export function imageOf(answer: InferOutput<typeof imageAnswer>, flavour: EngineFlavour): Image {
  return {
    id: answer.Id,
    names: answer.RepoTags.map((name) => givenImageName(flavour, name)),
    digests: answer.RepoDigests.map((name) => givenImageName(flavour, name)),
    layers: answer.RootFS.Layers,
    labels: answer.Config.Labels,
    entrypoint: [answer.Config.Entrypoint].flat(),
    environment: answer.Config.Env,
    user: answer.Config.User,
    volumes: Object.keys(answer.Config.Volumes).toSorted(),
    created: answer.Created,
    size: answer.Size,
  };
}

const listedImage = object({
  Id: imageId,
  ParentId: optional(union([literal(''), imageId]), ''),
  RepoTags: names,
  Labels: labels,
  Created: number(),
  Size: number(),
});
/** The answer that lists images. */
export const imageList = array(listedImage);

/** Reads a {@link ListedImage} from an engine's answer. Older engines list an image without a name as `<none>:<none>`. */
export function listedImageOf(answer: InferOutput<typeof listedImage>, flavour: EngineFlavour): ListedImage {
  const { Id, ParentId, RepoTags, Labels, Created, Size } = answer;
  return {
    id: Id,
    names: RepoTags.filter((name) => name !== '<none>:<none>').map((name) => givenImageName(flavour, name)),
    labels: Labels,
    parent: ParentId === '' ? undefined : fullImageId(ParentId),
    created: new Date(Created * 1000).toISOString(),
    size: Size,
  };
}

/**
 * Restores an image name as the user gave it. Podman puts `localhost/`, `docker.io/` or `docker.io/library/` in front of names
 * without a registry; Docker does not.
 */
export function givenImageName(flavour: EngineFlavour, name: string): string {
  return flavour === 'podman' ? name.replace(/^(?:localhost|docker\.io(?:\/library)?)\//, '') : name;
}

/** The id with its algorithm, which Podman leaves out in some answers. */
export function fullImageId(id: ImageId): ImageId {
  // An algorithm in front of another one is no id.
  return parseImageId(`sha256:${id}`) ?? id;
}
