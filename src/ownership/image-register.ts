import type { ImageId } from '../engine/identifiers.ts';

/** The files of a register: links, because the engine tells the target of a link twenty times as fast as the content of a file. */
interface Links {
  stat(path: string): Promise<{ readonly linkTarget: string } | undefined>;
  writeLink(directory: string, path: string, target: string): Promise<void>;
}

/**
 * Writes into a register that an image was committed by this program: a link with the image's name, whose target is its id. A
 * later image of the same name replaces it. `place` is the directory of the register.
 */
export async function registerImage(links: Links, place: string, name: string, id: ImageId): Promise<void> {
  await links.writeLink(place, linkOf(name), id);
}

/**
 * Whether this program committed an image under a name. Labels do not prove that: anybody can write them, and an image inherits
 * those of its base.
 */
export async function isRegistered(links: Links, place: string, name: string, id: ImageId): Promise<boolean> {
  const link = await links.stat(`${place}/${linkOf(name)}`);
  // Engines describe a link by its target as written, or by the path of its target.
  return link !== undefined && (link.linkTarget === id || link.linkTarget.endsWith(`/${id}`));
}

const linkOf = (name: string): string => `images/${encodeURIComponent(/:[^/]*$/.test(name) ? name : `${name}:latest`)}`;
