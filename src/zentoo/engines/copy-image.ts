import type { Images } from '../../engine/images.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import { withoutLayers } from '../../engine/thin-archive.ts';
import { Failure } from '../../failure.ts';
import type { Report } from '../../report/event.ts';

/** The most images of an engine whose layers are read. */
const mostImages = 200;

/** An engine that gets images. */
export interface ImageTarget {
  readonly name: string;
  readonly engine: Images;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/**
 * Copies an image to an engine, which then has it under the same id: only the layers that the engine lacks, or all if it does not take those
 * alone.
 *
 * @param copies ids of images that the engine may have without a name
 */
export async function copyImage(
  home: Images,
  target: ImageTarget,
  { id, copies }: { readonly id: ImageId; readonly copies: readonly ImageId[] },
): Promise<void> {
  const { engine, name, report } = target;
  const image = await home.inspectImage(id);
  if (image === undefined) throw new Error(`the image ${id} is gone`);
  const total = image.layers.length;
  for (const present of new Set([await countPresent(image.layers, engine, copies), 0])) {
    const layers = present === 0 ? '' : ` (${total - present} of ${total} layers)`;
    await report({ type: 'note', message: `copying the image ${id.slice(0, 19)} to the engine ${name}${layers}` });
    if ((await load(home, target, { ...image, present })) && (await engine.inspectImage(id)) !== undefined) return;
  }
  throw new Failure('node-unfit', `failed to copy an image to the engine ${name}: it has another id there`, {
    hint: 'both engines must keep images in the same way: compare the storage drivers in docker info',
  });
}

/** Loads an image without its first layers; false if the engine refuses that. */
async function load(
  home: Images,
  { engine, signal }: ImageTarget,
  { id, layers, present }: { readonly id: ImageId; readonly layers: readonly string[]; readonly present: number },
): Promise<boolean> {
  const archive = await home.saveImage(id);
  if (archive === undefined) throw new Error(`the image ${id} is gone`);
  try {
    await engine.loadImages(present === 0 ? archive : withoutLayers(archive, layers, present), signal);
    return true;
  } catch (error) {
    if (present > 0 && error instanceof EngineRefusal) return false;
    throw error;
  }
}

/** The number of layers, counted from the lowest, that some image of the engine has in common. */
async function countPresent(layers: readonly string[], engine: Images, copies: readonly ImageId[]): Promise<number> {
  let most = 0;
  for (const name of [...copies, ...(await engine.listImageNames())].slice(0, mostImages)) {
    const own = (await engine.inspectImage(name))?.layers ?? [];
    const common = layers.findIndex((layer, index) => own[index] !== layer);
    most = Math.max(most, common === -1 ? layers.length : common);
  }
  return most;
}
