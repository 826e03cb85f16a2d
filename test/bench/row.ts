import { spreadOf, type Spread } from './compare.ts';
import type { Durations } from './builder.ts';

/** The target for a row's value. A row without a target is only information. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the result. */
export interface Row {
  readonly name: string;
  /** The two compared ways. */
  readonly what: string;
  readonly value: Spread;
  /** The unit of the value; a ratio has none. */
  readonly unit?: string;
  readonly target?: Target;
  /** The value that has to meet the target; the median by default. */
  readonly judged?: 'worst';
  /** Medians in seconds and the parts of the time, one line each. */
  readonly details: readonly string[];
}

/** Whether the row's value meets its target. A value that is not a number never does. */
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
