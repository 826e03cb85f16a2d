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
  /** Lines below it: medians in seconds, and where the time goes. */
  readonly details: readonly string[];
}

/** Whether the row's value is where it should be; its median counts. */
export function isMet({ value, target }: Row): boolean {
  if (target === undefined) return true;
  return 'atMost' in target ? value.median <= target.atMost : value.median >= target.atLeast;
}

/** The row as it is printed, with its details below it. */
export function formatRow(row: Row): string {
  const { name, what, value, unit = '', target, details } = row;
  const figure = `${number(value.median)}${unit}`;
  const range = value.min === value.max ? '' : `${number(value.min)}-${number(value.max)}`;
  const verdict = isMet(row) ? 'met' : 'MISSED';
  const judged = target === undefined ? '-' : `${describeTarget(target)}${unit} ${verdict}`;
  const columns = [name.padEnd(8), figure.padStart(10), range.padEnd(13), judged.padEnd(18), what];
  return [columns.join('  '), ...details.map((line) => `${' '.repeat(10)}${line}`), ''].join('\n');
}

/** The heads of the columns of {@link formatRow}. */
export const heading = [
  'name'.padEnd(8),
  'median'.padStart(10),
  'min-max'.padEnd(13),
  'target'.padEnd(18),
  'what',
].join('  ');

/** `ours 5.12 s (5.01-5.40), theirs ...`. */
export function describeSeconds(name: string, seconds: readonly number[]): string {
  const { median, min, max } = spreadOf(seconds);
  const digits = median < 1 ? 3 : 2;
  return `${name} ${median.toFixed(digits)} s (${min.toFixed(digits)}-${max.toFixed(digits)})`;
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
