import type { Images } from '../../engine/images.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import type { ImageId } from '../../engine/identifiers.ts';

/**
 * Makes an image with a name, and removes the image that had the name before, which would stay without a name. That image
 * stays if a container or another image needs it, or if it has another name.
 */
export async function replaceImage(engine: Images, name: string, make: () => Promise<ImageId>): Promise<ImageId> {
  const before = await engine.inspectImage(name);
  const made = await make();
  if (before === undefined || before.id === made) return made;
  try {
    // A removal by id would also remove another name that somebody gave the image.
    if ((await engine.inspectImage(before.id))?.names.length !== 0) return made;
    await engine.removeImage(before.id);
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
  }
  return made;
}
