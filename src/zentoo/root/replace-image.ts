import type { Images } from '../../engine/images.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import type { Report } from '../../report/event.ts';

/** The run that replaces an image. */
interface ReplacingRun {
  readonly engine: Images;
  /** The images that zentoo committed, by their names. */
  readonly registered: ReadonlyMap<string, ImageId>;
  readonly report: Report;
}

/**
 * Makes an image with a name, and removes the image that had the name before, which would stay without a name. That image
 * stays if zentoo did not commit it (a note then names it), if a container or another image needs it, or if it has another name.
 */
export async function replaceImage(
  { engine, registered, report }: ReplacingRun,
  name: string,
  make: () => Promise<ImageId>,
): Promise<ImageId> {
  const before = await engine.inspectImage(name);
  const isOurs = before !== undefined && registered.get(name) === before.id;
  const made = await make();
  if (before === undefined || before.id === made) return made;
  try {
    // A removal by id would also remove another name that somebody gave the image.
    if ((await engine.inspectImage(before.id))?.names.length !== 0) return made;
    if (isOurs) await engine.removeImage(before.id);
    else await report({ type: 'note', message: describeLoss(name, before.id) });
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
  }
  return made;
}

function describeLoss(name: string, id: ImageId): string {
  return `the image ${id} lost its name ${name} to the new image, and stays: zentoo has no record that it made the image`;
}
