import { explainStale, isPlainlyCurrent } from '../root/current-image.ts';
import type { TupleWork } from '../run/tuple-work.ts';
import type { ImageState, OutputPlaces, OutputState } from './output-kind.ts';
import { outputKinds } from './output-kinds.ts';
import { imageName } from './output-names.ts';

/** The states of a tuple's outputs, and its image even if the tuple has other outputs only. */
export interface CheckedOutputs {
  readonly outputs: readonly OutputState[];
  readonly image: ImageState['image'];
}

/**
 * Checks whether the outputs of a tuple exist and are up to date. If the list of images, which was read when the run began, tells
 * that an image is up to date, the image is not inspected.
 */
export async function checkFreshness(run: OutputPlaces, work: TupleWork): Promise<CheckedOutputs> {
  const image = await checkImage(run, work);
  const outputs: OutputState[] = [];
  for (const output of work.tuple.outputs) outputs.push(await outputKinds[output].check(run, work, image));
  return { outputs, image: image.image };
}

async function checkImage(run: OutputPlaces, { tuple, stage, fingerprint }: TupleWork): Promise<ImageState> {
  const name = imageName(run, tuple);
  const registered = run.registered.get(name);
  const sought = { base: tuple.cross ? undefined : stage, fingerprint, registered };
  const listed = run.images.get(name);
  if (listed !== undefined && isPlainlyCurrent(listed, sought)) return { image: listed, why: [] };
  const image = await run.engine.inspectImage(name);
  return { image, why: explainStale(image, sought) };
}
