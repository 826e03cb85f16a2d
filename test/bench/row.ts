import { spreadOf, type Spread } from './compare.ts';
import type { Durations } from './builder.ts';

/** What a row's value is held against. A row without a target is there to be looked at. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the result. */
export interface Row {
  readonly name: string;
  /** What was compared with what. */
  readonly what: string;
  readonly value: Spread;
  /** Of the value; a ratio has none. */
  readonly unit?: string;
  readonly target?: Target;
  /** What is held against the target: the median unless it is said. */
  readonly judged?: 'worst';
  /** Medians in seconds, and where the time goes; a line each. */
  readonly details: readonly string[];
}

/** Whether the row's value is where it should be. What is no number never is. */
export function isMet({ value, target, judged }: Row): boolean {
  if (target === undefined) return !Number.isNaN(value.median);
  if ('atMost' in target) return (judged === 'worst' ? value.max : value.median) <= target.atMost;
  return (judged === 'worst' ? value.min : value.median) >= target.atLeast;
}

/** A row in words, by the heads of {@link columns}. */
export function cellsOf(row: Row): readonly string[] {
  const { name, what, value, unit = '', target, judged: by } = row;
  const range = value.min === value.max ? '' : `${number(value.min)}-${number(value.max)}`;
  const worst = by === 'worst' ? ' at worst' : '';
  const judged =
    target === undefined ? ['', ''] : [`${describeTarget(target)}${unit}${worst}`, isMet(row) ? 'met' : 'MISSED'];
  return [name, `${number(value.median)}${unit}`, range, ...judged, what];
}

/** The heads of the columns of a table of rows. */
export const columns = ['name', 'median', 'min-max', 'target', '', 'what was compared'] as const;

/** `ours 5.12 s (5.01-5.40), theirs ...`. */
export function describeSeconds(name: string, seconds: readonly number[]): string {
  const { median, min, max } = spreadOf(seconds);
  const digits = median < 1 ? 3 : 2;
  const range = seconds.length === 1 ? '' : ` (${min.toFixed(digits)}-${max.toFixed(digits)})`;
  return `${name} ${median.toFixed(digits)} s${range}`;
}

/** The median of each step over some runs. */
export function describeSteps(name: string, runs: readonly Durations[]): string {
  const steps = Object.keys(runs[0] ?? {});
  const medianOf = (step: string) => spreadOf(runs.map((run) => run[step] ?? Number.NaN)).median.toFixed(3);
  return `${name}: ${steps.map((step) => `${step} ${medianOf(step)}`).join(', ')}`;
}

function describeTarget(target: Target): string {
  return 'atMost' in target ? `<= ${target.atMost.toFixed(2)}` : `>= ${target.atLeast.toFixed(2)}`;
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 3);
}
