import type { Base } from '../../container/base-image.ts';
import type { ExternalInputs } from '../../plan/fingerprint.ts';
import { nativeFlagsOf } from '../../portage/native-flags.ts';
import type { Tuple } from '../../site/site.ts';

/** A version of zentoo's method: increment it whenever a change of zentoo makes another root from the same inputs. */
const pipeline = '1';
/**
 * The version for CPUs with `native` in their CFLAGS. It differs, because zentoo now replaces `native` with real flags, and
 * images from before that change are out of date.
 */
const nativePipeline = `${pipeline}-real-flags`;

/** The inputs of a tuple's fingerprint that are not in the site: stage image, trees, and zentoo's own pipeline. */
export function externalInputsOf(tuple: Tuple, stage: Base, revisions: ReadonlyMap<string, string>): ExternalInputs {
  const names = tuple.portage.repositories.map(({ name }) => name);
  return {
    stageId: stage.image?.id ?? '',
    trees: Object.fromEntries(names.map((name) => [name, revisions.get(name) ?? ''])),
    pipeline: nativeFlagsOf(tuple.cpu.cflags).length === 0 ? pipeline : nativePipeline,
  };
}
