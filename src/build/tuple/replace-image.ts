import { EngineRefusal, type Engine, type ImageId } from '../../engine/engine.ts';

/**
 * Has an image made that takes a name, and removes the one that had it before: it would stay without a name. One that a
 * container or another image still needs, or that has another name, is left.
 */
export async function replaceImage(engine: Engine, name: string, make: () => Promise<ImageId>): Promise<ImageId> {
  const before = await engine.inspectImage(name);
  const made = await make();
  if (before === undefined || before.id === made) return made;
  try {
    // By its id the engine would remove it with the one other name that somebody gave it.
    if ((await engine.inspectImage(before.id))?.names.length !== 0) return made;
    await engine.removeImage(before.id);
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
  }
  return made;
}
