import type { EngineFlavour } from '../engine.ts';
import { parseImageId, type ImageId } from '../identifiers.ts';

/** Splits `name:tag`. A digest stays in the tag, as `POST /images/create` takes it there. */
export function splitImageName(name: string): { repository: string; tag: string | undefined } {
  const at = name.indexOf('@');
  if (at > 0) return { repository: name.slice(0, at), tag: name.slice(at + 1) };
  const colon = name.lastIndexOf(':');
  if (colon <= name.lastIndexOf('/')) return { repository: name, tag: undefined };
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
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
