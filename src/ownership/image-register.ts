import type { ImageId } from '../engine/identifiers.ts';

/**
 * The volume with gentoo-builder's registers of an engine: the images that it committed, and the users of trees. No build container
 * mounts it.
 */
export const imagesVolume = 'gentoo-images';

/**
 * The files of a register. An image is an empty file: for the content of a file an engine starts a process, and not for its existence.
 * A link to no file would not do, because Podman does not find it.
 */
interface RegisterFiles {
  exists(path: string): Promise<boolean>;
  writeText(directory: string, path: string, text: string): Promise<void>;
}

/** Writes into a register that this program committed an image under a name. `place` is the directory of the register. */
export async function registerImage(files: RegisterFiles, place: string, name: string, id: ImageId): Promise<void> {
  await files.writeText(place, fileOf(name, id), '');
}

/**
 * Whether this program committed an image under a name. Labels do not prove that: anybody can write them, and an image inherits
 * those of its base.
 */
export async function isRegistered(files: RegisterFiles, place: string, name: string, id: ImageId): Promise<boolean> {
  return files.exists(`${place}/${fileOf(name, id)}`);
}

const fileOf = (name: string, id: ImageId): string =>
  `images/${encodeURIComponent(/:[^/]*$/.test(name) ? name : `${name}:latest`)}/${id}`;
