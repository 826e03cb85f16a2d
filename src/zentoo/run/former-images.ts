import type { ImageId } from '../../engine/identifiers.ts';
import type { ListedImage } from '../../engine/images.ts';
import { rootFingerprintLabel, tupleLabel } from '../identity/labels.ts';

/**
 * Recognises the images that zentoo 0.1.0 made for a site: it kept no register. An image has the name that zentoo gives to an image
 * with these labels; an image that was built from it has another name. Whether its layers are its stage and one layer is checked
 * when the image is used.
 *
 * @param images the images that are labelled as images of the site, by name
 */
export function recogniseFormerImages(site: string, images: ReadonlyMap<string, ListedImage>): Map<string, ImageId> {
  const isOwn = (name: string, { labels }: ListedImage): boolean => {
    const tuple = labels[tupleLabel];
    if (tuple !== undefined) return name === `zentoo/${site}/${tuple}:latest`;
    const digits = (labels[rootFingerprintLabel] ?? '').slice(0, 8);
    return digits !== '' && name.startsWith(`zentoo/${site}/buildmaster:`) && name.endsWith(`-${digits}`);
  };
  return new Map([...images].flatMap(([name, image]) => (isOwn(name, image) ? [[name, image.id] as const] : [])));
}
