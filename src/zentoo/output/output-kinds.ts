import { outputNames, type OutputName } from '../../output-name.ts';
import { archiveOutput } from './archive-output.ts';
import { imageOutput } from './image-output.ts';
import type { OutputKind } from './output-kind.ts';

/** The module of each kind of output. A name without a module is a type error. */
export const outputKinds = { image: imageOutput, archive: archiveOutput } satisfies Readonly<
  Record<OutputName, OutputKind>
>;

/** The kinds with the given names, in the order in which zentoo makes them. */
export function kindsOf(outputs: readonly OutputName[]): readonly OutputKind[] {
  const kinds: readonly OutputKind[] = outputNames
    .filter((name) => outputs.includes(name))
    .map((name) => outputKinds[name]);
  return kinds.toSorted((a, b) => Number(a.stopsContainer) - Number(b.stopsContainer));
}
