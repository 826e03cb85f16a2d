import type { Engine, Image, ListedImage } from '../../engine/engine.ts';
import { explainDifference, readInputsLabel } from '../../plan/explain-difference.ts';
import type { Fingerprint } from '../../plan/fingerprint.ts';
import type { Base } from '../base-image.ts';
import { fingerprintLabel, inputsLabel } from './labels.ts';

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
  return isOnBase(image, base) ? image : undefined;
}

/**
 * Whether a list alone tells that an image is what `fingerprint` stands for: it was made from its base itself. Where it
 * does not, the image may be so all the same, and {@link explainStale} tells.
 */
export function isPlainlyCurrent(
  image: ListedImage,
  { base, fingerprint }: { readonly base: Base | undefined; readonly fingerprint: Fingerprint },
): boolean {
  const isMadeFromBase = image.parent !== undefined && image.parent === base?.image?.id;
  return isMadeFromBase && image.labels[fingerprintLabel] === fingerprint.digest;
}

/**
 * Why an image of that name is not what `fingerprint` stands for, as {@link findCurrentImage} has it: sentences without a
 * full stop, none if it is.
 */
export function explainStale(
  image: Image | undefined,
  { base, fingerprint }: { readonly base: Base | undefined; readonly fingerprint: Fingerprint },
): readonly string[] {
  if (image === undefined) return ['there is no image yet'];
  if (image.labels[fingerprintLabel] === fingerprint.digest)
    return isOnBase(image, base) ? [] : ['its image is not its stage and one layer, but made from another image'];
  const former = readInputsLabel(image.labels[inputsLabel]);
  const changes = former === undefined ? [] : explainDifference(former, fingerprint.inputs);
  return changes.length > 0 ? changes : ['its image does not say what it was made of'];
}

/** Whether an image is its base and one layer on top; without a base, one layer. */
export function isOnBase(image: Image, base: Pick<Base, 'image'> | undefined): boolean {
  const below = base?.image?.layers ?? [];
  return image.layers.length === below.length + 1 && below.every((layer, index) => image.layers[index] === layer);
}
