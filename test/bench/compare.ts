import { throwIfInterrupted } from '../../setup/interruption.js';

/** The middle of some values, and the outermost ones. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Two ways of doing the same, each done as often as the other, in turns. */
export interface Comparison<A, B> {
  /** In the order in which they were measured, one of each to a round. */
  readonly ours: readonly A[];
  readonly theirs: readonly B[];
}

/**
 * Measures in turns, ours and theirs, so that whatever else the machine does meets both alike. One round before the
 * counted ones is thrown away: it finds nothing in the caches.
 */
export async function takeTurns<A, B>(
  runs: number,
  ours: () => Promise<A>,
  theirs: () => Promise<B>,
): Promise<Comparison<A, B>> {
  const measured: { ours: A[]; theirs: B[] } = { ours: [], theirs: [] };
  for (let round = 0; round <= runs; round++) {
    throwIfInterrupted('measure');
    const mine = await ours();
    throwIfInterrupted('measure');
    const other = await theirs();
    process.stderr.write(round === 0 ? '  warmed up,' : ` ${round}`);
    if (round === 0) continue;
    measured.ours.push(mine);
    measured.theirs.push(other);
  }
  process.stderr.write(` of ${runs}\n`);
  return measured;
}

/** Ours divided by theirs, round by round. */
export function ratios(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const half = (sorted.length - 1) / 2;
  return { median: (at(Math.floor(half)) + at(Math.ceil(half))) / 2, min: at(0), max: at(sorted.length - 1) };
}
