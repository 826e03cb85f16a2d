import { throwIfInterrupted } from '../../setup/interruption.js';

/** The middle of some values, and the outermost ones. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Two ways of doing the same, each done as often as the other, in turns. */
export interface Turns<A, B> {
  /** In the order in which they were measured, one of each to a round. */
  readonly ours: readonly A[];
  readonly theirs: readonly B[];
}

/** What there is to be done in each round, one after the other. */
type Parties<T extends readonly unknown[]> = { readonly [Party in keyof T]: (round: number) => Promise<T[Party]> };

/**
 * Measures in turns, ours and theirs, so that whatever else the machine does meets both alike. One round before the
 * counted ones is thrown away: it finds nothing in the caches.
 */
export async function takeTurns<A, B>(
  runs: number,
  ours: () => Promise<A>,
  theirs: () => Promise<B>,
): Promise<Turns<A, B>> {
  const rounds = await takeRounds<[A, B]>(runs, [ours, theirs]);
  return { ours: rounds.map(([mine]) => mine), theirs: rounds.map(([, other]) => other) };
}

/**
 * Measures some ways of doing the same in turns, and answers with what came of each, round by round. The first one, round
 * 0, is not counted; `warmUp: false` leaves it out, for what takes minutes and has been prepared by other means.
 */
export async function takeRounds<T extends readonly unknown[]>(
  runs: number,
  parties: Parties<T>,
  { warmUp = true } = {},
): Promise<readonly T[]> {
  const rounds: T[] = [];
  for (let round = warmUp ? 0 : 1; round <= runs; round++) {
    const measured: unknown[] = [];
    for (const party of parties) {
      throwIfInterrupted('measure');
      measured.push(await party(round));
    }
    process.stderr.write(round === 0 ? '  warmed up,' : ` ${round}`);
    if (round > 0) rounds.push(measured as unknown as T);
  }
  process.stderr.write(` of ${runs}\n`);
  return rounds;
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
