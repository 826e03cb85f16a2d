import { createHash } from 'node:crypto';
import { parseImageId, type ImageId } from '../../engine/identifiers.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import type { Volume } from '../../engine/volumes.ts';
import { siteLabel } from '../identity/labels.ts';
import type { SiteRun } from '../run/site-run.ts';

/** The label of each volume that a build makes on a further engine; the value is the prefix of the site's volumes. */
const copyLabel = 'zentoo.copy';
/** The label with the id of the image that a volume records. */
const imageLabel = 'zentoo.image';
/** The label with the digest of the files of a tree, on the volume that says that the tree is whole. */
export const filesLabel = 'zentoo.files';

/** The names of the volumes of a site on a further engine. They differ from those that the site has on its own engine. */
export function copyNames({ volumePrefix }: Pick<SiteRun, 'volumePrefix'>) {
  const of = (word: string) => `${volumePrefix}-copy-${word}`;
  return {
    binpkgs: of('binpkgs'),
    distfiles: of('distfiles'),
    metadata: of('metadata'),
    /** An empty volume: the image came with a build of this site, and may be removed. */
    image: (id: ImageId) => of(`image-${id.replace('sha256:', '').slice(0, 12)}`),
    /** A tree at one revision. */
    tree: (repository: string, revision: string) =>
      of(`tree-${createHash('sha256').update(`${repository}\n${revision}`).digest('hex').slice(0, 12)}`),
  };
}

/** The name of the empty volume that says that a tree is whole. */
export function wholeName(tree: string): string {
  return `${tree}-whole`;
}

/** The labels of a volume on a further engine. */
export function copyLabels({ site, volumePrefix }: SiteRun, image?: ImageId): Readonly<Record<string, string>> {
  const own = { [siteLabel]: site.name, [copyLabel]: volumePrefix };
  return image === undefined ? own : { ...own, [imageLabel]: image };
}

/**
 * Removes what former builds left on a further engine and this one does not need: copies of packages and sources, trees at other
 * revisions, and images that the site's own engine does not have any more. What a container uses stays for a later build.
 */
export async function removeOldCopies(far: SiteRun, current: Iterable<ImageId>): Promise<void> {
  const names = copyNames(far);
  const trees = [...far.revisions].map(([name, revision]) => names.tree(name, revision));
  const kept = new Set([...trees, ...trees.map(wholeName), ...[...current].map((id) => names.image(id))]);
  const old = (await copiesOf(far.engine, far.volumePrefix)).filter(({ name }) => !kept.has(name));
  // A tree without the volume that says so is not whole.
  for (const volume of old.toSorted((a, b) => b.name.length - a.name.length)) await removeCopy(far, volume);
}

/** The ids of the images that came to a further engine with builds of a site. */
export async function copiedImages({ engine, volumePrefix }: SiteRun): Promise<readonly ImageId[]> {
  const copies = await engine.volumesWithLabel(`${copyLabel}=${volumePrefix}`);
  return copies.flatMap(({ labels }) => parseImageId(labels[imageLabel] ?? '') ?? []);
}

/** Finds a volume of another program with a name that this build gives to a volume, which it would fill and remove. */
export async function findForeignCopy(far: SiteRun): Promise<string | undefined> {
  const { binpkgs, distfiles, metadata } = copyNames(far);
  for (const name of [binpkgs, distfiles, metadata]) {
    const volume = await far.engine.inspectVolume(name);
    if (volume !== undefined && volume.labels[copyLabel] !== far.volumePrefix) return name;
  }
  return undefined;
}

/** Removes all copies of a site from a further engine. What a container uses stays. */
export function removeAllCopies(far: SiteRun): Promise<void> {
  return removeOldCopies({ ...far, revisions: new Map() }, []);
}

/** The volumes of a site on a further engine. */
export async function copiesOf(engine: SiteRun['engine'], volumePrefix: string): Promise<readonly Volume[]> {
  const found = await engine.volumesWithLabel(`${copyLabel}=${volumePrefix}`);
  return found.filter(({ name }) => name.startsWith(`${volumePrefix}-copy-`));
}

async function removeCopy(far: SiteRun, { name, labels }: Volume): Promise<void> {
  try {
    const id = labels[imageLabel];
    const image = id === undefined ? undefined : await far.engine.inspectImage(id);
    // An image that somebody named is theirs.
    if (image?.names.length === 0) await far.engine.removeImage(image.id);
    await far.engine.removeVolume(name);
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
  }
}
