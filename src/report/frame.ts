import { allot } from './allot.ts';
import { formatBytes, formatElapsed } from './amounts.ts';
import { describeElapsed, describeSchedule } from './describe-schedule.ts';
import { countCells, cutBeginning, cutToCells, padToCells } from './display-cells.ts';
import { isMerging } from './event.ts';
import { harmlessLine } from './harmless-text.ts';
import { scheduleAt, type PackageAtWork, type Progress, type StepUnderWay } from './progress.ts';
import { labelStep } from './step-label.ts';
import type { Tails } from './tails.ts';

/** How a line looks where colours are wanted. */
export type Style = 'plain' | 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** One line of the screen, without control characters. */
export interface Line {
  readonly text: string;
  readonly style: Style;
}

/** Of a terminal, in cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const indent = ' '.repeat('[1/7] '.length);
const barCells = 20;
/** As many of Portage's last lines as are shown at most; each task has one where there is room. */
const tailLines = 5;
/** A text that would be cut to less than so much is of no use. */
const leastName = 12;

/**
 * The picture of a run at `now`: how far the whole is, the steps that are under way, those that began first before the
 * others, what is pulled, and below each step the packages at work in it, with phase and elapsed time, and the last lines
 * that Portage printed. Where there is no room for all, the last lines go first, then packages, then steps. It is lower
 * than the terminal and narrower, by one each: neither does the screen scroll nor does a terminal wrap that does so on
 * reaching its edge.
 */
export function composeFrame(progress: Progress, tails: Tails, size: Size, now: number): Line[] {
  const width = Math.max(1, size.columns - 1);
  const height = Math.max(1, size.rows - 1);
  const head = headLines(progress, now);
  const steps = [...progress.steps.values()];
  const pulls = steps.length === 0 ? [] : [...progress.pulls];
  const { shown, hidden } = fit(steps, height - head.length);
  const lines = shown.map((work) => stepLine(progress, work, width, now));
  const below = pulls.map(([image, { current, total }]) => plain(indent + pullText(image, current, total)));
  let room = height - head.length - lines.length - (hidden > 0 ? 1 : 0) - below.length;

  const packages = shown.map((work) => packagesOf(progress, work));
  const packageRoom = allot(sizes(packages), room);
  room -= sum(packageRoom);
  const tailsOf = shown.map((work, index) => tailOf(tails, work, shown.slice(index + 1)));
  const tailRoom = allot(sizes(tailsOf), Math.min(room, Math.max(tailLines, shown.length)));

  const picture = lines.flatMap((line, index) => [
    line,
    ...(index === 0 ? below : []),
    ...packageLines(packages[index] ?? [], packageRoom[index] ?? 0, now),
    ...lastOf(tailsOf[index] ?? [], tailRoom[index] ?? 0).map(tailLine),
  ]);
  const more = hidden > 0 && height - head.length > 1 ? [plain(`and ${hidden} more`)] : [];
  return [...head, ...picture, ...more]
    .slice(0, height)
    .map(({ text, style }) => ({ text: cutToCells(text.replaceAll('\t', '  '), width), style }));
}

function headLines(progress: Progress, now: number): Line[] {
  const schedule = scheduleAt(progress, now);
  if (schedule === undefined) return [];
  const { done, failed, total } = schedule;
  return progress.steps.size === 0 && done + failed >= total
    ? []
    : [{ text: describeSchedule(schedule), style: 'bold' }];
}

/** As many as fit into so many lines, with one line for how many more there are. */
function fit<T>(all: readonly T[], room: number): { shown: readonly T[]; hidden: number } {
  const shown = all.length <= room ? all : all.slice(0, Math.max(1, room - 1));
  return { shown, hidden: all.length - shown.length };
}

/**
 * Where the line is short of room, what the step is about is cut, not the count and the time. A task's name may be long: for
 * that the estimate is left out, then the count, and then its beginning, for its end says more.
 */
function stepLine(progress: Progress, work: StepUnderWay, width: number, now: number): Line {
  const { detail, since, task, estimate } = work;
  const { reached = 0, total = 0 } = (isMerging(work.step) && progress.emerges.get(task)) || {};
  const count = total > 0 ? `  package ${reached} of ${total}` : '';
  const elapsed = (now - since) / 1000;
  const time = `  ${describeElapsed(elapsed, undefined)}`;
  const whole = `${count}  ${describeElapsed(elapsed, estimate)}`;
  const label = labelStep(work);
  const ends = task === undefined ? [whole] : [whole, count + time, time];
  const end = ends.find((each) => countCells(label + each) <= width) ?? ends.at(-1) ?? '';
  const room = width - countCells(label) - countCells(end) - 1;
  const isUseful = room >= Math.min(countCells(detail), leastName);
  const about = detail !== '' && isUseful ? ` ${cutToCells(detail, room)}` : '';
  const space = width - countCells(end);
  const name = task === undefined || space < leastName ? label : cutBeginning(label, space);
  return { text: name + about + end, style: 'bold' };
}

function pullText(image: string, current: number, total: number): string {
  if (total <= 0) return `${formatBytes(current)} pulled of ${image}`;
  const filled = Math.min(barCells, Math.floor((barCells * current) / total));
  const bar = '#'.repeat(filled).padEnd(barCells, '-');
  return `[${bar}] ${formatBytes(current)} of ${formatBytes(total)}  ${image}`;
}

function packagesOf({ emerges }: Progress, { step, task }: StepUnderWay): readonly PackageAtWork[] {
  return isMerging(step) ? [...(emerges.get(task)?.packages.values() ?? [])] : [];
}

function packageLines(packages: readonly PackageAtWork[], room: number, now: number): Line[] {
  if (room === 0) return [];
  const { shown, hidden } = fit(packages, room);
  const cpvCells = Math.max(0, ...shown.map(({ cpv }) => countCells(cpv)));
  const phaseCells = Math.max(0, ...shown.map(({ phase }) => countCells(phase)));
  const lines = shown.map(({ cpv, phase, binary, since }) => {
    const columns = [
      padToCells(cpv, cpvCells),
      padToCells(phase, phaseCells),
      formatElapsed((now - since) / 1000),
      binary ? 'from a binary package' : '',
    ];
    return plain(indent + columns.filter((column) => column !== '').join('  '));
  });
  return hidden > 0 && room > 1 ? [...lines, plain(`${indent}and ${hidden} more`)] : lines;
}

/** What a task has printed is below the last of its steps. */
function tailOf(tails: Tails, { task }: StepUnderWay, later: readonly StepUnderWay[]): readonly string[] {
  return later.some((work) => work.task === task) ? [] : tails.of(task);
}

function tailLine(text: string): Line {
  return { text: `${indent}| ${harmlessLine(text)}`, style: 'dim' };
}

function plain(text: string): Line {
  return { text, style: 'plain' };
}

function sizes(lists: readonly (readonly unknown[])[]): number[] {
  return lists.map(({ length }) => length);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function lastOf<T>(list: readonly T[], count: number): readonly T[] {
  return count === 0 ? [] : list.slice(-count);
}
