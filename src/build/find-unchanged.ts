import type { Image } from '../engine/engine.ts';
import type { BuildContext } from './context.ts';
import type { Preconditions } from './check-preconditions.ts';

/** The label that says what an image was made of: see {@link file://./build-fingerprint.ts}. */
export const fingerprintLabel = 'gentoo-builder.fingerprint';

/** An image that was made before, of the same. */
export interface UnchangedImage {
  readonly image: Image;
  /** As it was called when it was made. */
  readonly name: string;
}

/**
 * The image that was made of the same before, the newest of several. It has its label, as whatever was built from it has;
 * it is its base and one layer, as that has not; and it still has the name that it was made with.
 */
export async function findUnchanged(
  { engine }: Pick<BuildContext, 'engine'>,
  { base }: Pick<Preconditions, 'base'>,
  fingerprint: string,
): Promise<UnchangedImage | undefined> {
  const listed = await engine.imagesWithLabel(`${fingerprintLabel}=${fingerprint}`);
  const named = listed.flatMap(({ names }) => names.flatMap((name) => ownName.exec(name)?.[1] ?? []));
  const found = await Promise.all(named.map(async (name) => ({ name, image: await engine.inspectImage(name) })));
  const below = base.image?.layers ?? [];
  return found
    .flatMap(({ name, image }) => (image === undefined ? [] : [{ name, image }]))
    .filter(({ image: { labels, layers } }) => {
      const isOnBase = layers.length === below.length + 1 && below.every((layer, index) => layers[index] === layer);
      return isOnBase && labels[fingerprintLabel] === fingerprint;
    })
    .toSorted((a, b) => Date.parse(b.image.created) - Date.parse(a.image.created))[0];
}

/** What images are committed as; Podman puts a host before it. */
const ownName = /^(?:localhost\/)?(gentoo-[0-9a-f]{4,64}):latest$/;
