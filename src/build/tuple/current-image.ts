import type { Engine, Image } from '../../engine/engine.ts';
import type { Base } from '../base-image.ts';
import { fingerprintLabel } from './labels.ts';

/**
 * The image of that name where it is what `fingerprint` stands for: it has that label and is its base plus one layer, as
 * labels are inherited by whatever is built from an image. Without a base it is an image of one layer.
 */
export async function findCurrentImage(
  engine: Engine,
  name: string,
  { base, fingerprint }: { readonly base: Base | undefined; readonly fingerprint: string },
): Promise<Image | undefined> {
  const image = await engine.inspectImage(name);
  if (image?.labels[fingerprintLabel] !== fingerprint) return undefined;
  const below = base?.image?.layers ?? [];
  const isOnBase =
    image.layers.length === below.length + 1 && below.every((layer, index) => image.layers[index] === layer);
  return isOnBase ? image : undefined;
}
