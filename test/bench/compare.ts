import { throwIfInterrupted } from '../../setup/process/interruption.js';

/** The median, the least and the greatest of some values. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The measurements of two ways to do the same work, measured alternately and equally often. */
export interface Turns<A, B> {
  /** In the order of measurement, one value per round. */
  readonly ours: readonly A[];
  readonly theirs: readonly B[];
}

/** The work of each round, in its order. */
type Parties<T extends readonly unknown[]> = { readonly [Party in keyof T]: (round: number) => Promise<T[Party]> };

/**
 * Measures ours and theirs alternately, so that other load of the machine affects both equally. The first round does not count,
 * because its caches are empty.
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
 * Measures several ways to do the same work alternately. Returns the results of each, round by round. The first round, round 0,
 * does not count; `warmUp: false` leaves it out, for work that takes minutes and was prepared by other means.
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
