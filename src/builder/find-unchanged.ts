import type { BuildContext } from '../container/context.ts';
import type { ImageId } from '../engine/identifiers.ts';
import type { Image } from '../engine/images.ts';
import type { Preconditions } from './check-preconditions.ts';
import type { Workspace } from '../container/workspace.ts';
import { EngineRefusal } from '../engine/refusal.ts';
import { imagesVolume, isRegistered, registerImage } from '../ownership/image-register.ts';
import { builderFormatLabel } from '../container/tree.ts';
import type { ProbeRequest } from '../container/probe.ts';
import { Failure } from '../failure.ts';
import { parseFormat } from '../format-number.ts';
import { createRegisters, withRegisters } from './tree/registers.ts';

/** The label with the digest of an image's inputs: see {@link file://./build-fingerprint.ts}. */
export const fingerprintLabel = 'gentoo-builder.fingerprint';

/**
 * The format of the labels of an image: increment it when the meaning of a label changes. An image without a number is of the first
 * format; an image of a newer format is not used.
 */
export const imageFormat = 1;

/** An existing image of the same inputs. */
export interface UnchangedImage {
  readonly image: Image;
  /** The name that the image was committed with. */
  readonly name: string;
}

/**
 * Finds the images that may be of the same inputs, the newest first. They have the fingerprint label, one layer above the base,
 * and a name of a committed image. Anybody can make such an image: {@link findCommitted} finds those that were committed.
 */
export async function findUnchanged(
  { engine }: Pick<BuildContext, 'engine'>,
  { base }: Pick<Preconditions, 'base'>,
  fingerprint: string,
): Promise<readonly UnchangedImage[]> {
  const listed = await engine.imagesWithLabel(`${fingerprintLabel}=${fingerprint}`);
  const named = listed.flatMap(({ names }) => names.flatMap((name) => ownName.exec(name)?.[1] ?? []));
  const found = await Promise.all(named.map(async (name) => ({ name, image: await engine.inspectImage(name) })));
  const below = base.image?.layers ?? [];
  return found
    .flatMap(({ name, image }) => (image === undefined ? [] : [{ name, image }]))
    .filter(({ image: { labels, layers } }) => {
      const isOnBase = layers.length === below.length + 1 && below.every((layer, index) => layers[index] === layer);
      const isKnown = parseFormat(labels[builderFormatLabel]) <= imageFormat;
      return isOnBase && isKnown && labels[fingerprintLabel] === fingerprint;
    })
    .toSorted((a, b) => Date.parse(b.image.created) - Date.parse(a.image.created));
}

/** The pattern of the names that images are committed with. */
const ownName = /^(gentoo-[0-9a-f]{4,64}):latest$/;

/** The image of the container through which the register is read and written. */
type ProbeImage = Pick<ProbeRequest, 'image'>;

/**
 * Registers a committed image, so that a later run may return it instead of building again. If that is refused, by the engine or
 * because of a newer format, a warning says so: the image is good, but a later run builds again.
 */
export async function registerCommitted(
  context: BuildContext,
  workspace: Workspace,
  { name, id }: { readonly name: string; readonly id: ImageId },
  { image }: ProbeImage,
): Promise<void> {
  const { engine, report } = context;
  try {
    await createRegisters(engine);
    await withRegisters({ engine, workspace, image }, (probe, place) => registerImage(probe, place, name, id));
  } catch (error) {
    const isNewer = error instanceof Failure && error.code === 'format-unknown';
    if (!isNewer && !(error instanceof EngineRefusal)) throw error;
    const message = `failed to register the image ${name} in the volume ${imagesVolume}: ${error.message}`;
    await report({ type: 'warning', message, hint: 'the same command will build the image again' });
  }
}

/** Finds the first of some images that gentoo-builder committed; undefined if it committed none of them. */
export async function findCommitted(
  { engine }: Pick<BuildContext, 'engine'>,
  workspace: Workspace,
  found: readonly UnchangedImage[],
  { image }: ProbeImage,
): Promise<UnchangedImage | undefined> {
  if (found.length === 0 || (await engine.inspectVolume(imagesVolume)) === undefined) return undefined;
  return withRegisters({ engine, workspace, image }, async (probe, place) => {
    for (const one of found) if (await isRegistered(probe, place, one.name, one.image.id)) return one;
    return undefined;
  });
}
