import { readLabel } from '../../engine/image-labels.ts';
import type { Images, Image, ListedImage } from '../../engine/images.ts';
import { explainDifference, readInputsLabel } from '../../plan/explain-difference.ts';
import type { Fingerprint } from '../../plan/fingerprint.ts';
import type { Base } from '../../container/base-image.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import type { SiteRun } from '../run/site-run.ts';
import { rootFingerprintLabel, inputsLabel } from '../identity/labels.ts';

/**
 * Finds the image with this name, if it is up to date: zentoo committed it, it has the fingerprint in its label, and it is its
 * base plus one layer. The register and the layers matter because images inherit labels. Without a base, the image must have one layer.
 */
export async function findCurrentImage(
  { engine, registered }: Pick<SiteRun, 'registered'> & { readonly engine: Images },
  name: string,
  { base, fingerprint }: { readonly base: Base | undefined; readonly fingerprint: string },
): Promise<Image | undefined> {
  const image = await engine.inspectImage(name);
  if (image?.labels[rootFingerprintLabel] !== fingerprint) return undefined;
  return isOnBase(image, base) && registered.get(name) === image.id ? image : undefined;
}

/** The properties of an image that is up to date. */
export interface SoughtImage {
  readonly base: Base | undefined;
  readonly fingerprint: Fingerprint;
  /** The id of the image that zentoo committed under the name; undefined if it committed none. */
  readonly registered: ImageId | undefined;
}

/**
 * Whether a listed image is up to date without an inspection: it has the fingerprint, and its parent is its base. If false,
 * the image may still be up to date: {@link explainStale} finds out.
 */
export function isPlainlyCurrent(image: ListedImage, { base, fingerprint, registered }: SoughtImage): boolean {
  const isMadeFromBase = image.parent !== undefined && image.parent === base?.image?.id;
  return isMadeFromBase && image.id === registered && image.labels[rootFingerprintLabel] === fingerprint.digest;
}

/**
 * Explains why an image is not up to date, by the rule of {@link findCurrentImage}. Returns sentences without a full stop; none
 * if it is up to date.
 */
export function explainStale(
  image: Image | undefined,
  { base, fingerprint, registered }: SoughtImage,
): readonly string[] {
  if (image === undefined) return ['there is no image yet'];
  if (image.labels[rootFingerprintLabel] === fingerprint.digest)
    return !isOnBase(image, base)
      ? ['its image is not its stage plus one layer']
      : image.id === registered
        ? []
        : ['there is no record that zentoo made its image'];
  const former = readInputsLabel(readLabel(image.labels, inputsLabel));
  const changes = former === undefined ? [] : explainDifference(former, fingerprint.inputs);
  return changes.length > 0 ? changes : ['its image has no record of its inputs'];
}

/** Whether an image is its base plus one layer; without a base, one layer. */
export function isOnBase(image: Image, base: Pick<Base, 'image'> | undefined): boolean {
  const below = base?.image?.layers ?? [];
  return image.layers.length === below.length + 1 && below.every((layer, index) => image.layers[index] === layer);
}
