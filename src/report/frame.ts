import { shareEvenly } from './share-evenly.ts';
import { formatBytes } from '../quantity.ts';
import { formatElapsed } from './amounts.ts';
import { describeElapsed, describeSchedule } from './describe-schedule.ts';
import { countCells, cutBeginning, cutToCells, padToCells } from './display-cells.ts';
import { isMerging } from './event.ts';
import { escapeForTerminal } from './escape-for-terminal.ts';
import { scheduleAt, type PackageAtWork, type Progress, type StepUnderWay } from './progress.ts';
import { labelStep } from './step-label.ts';
import type { LastLinesByTask } from './last-lines-by-task.ts';

/** The style of a line if colours are on. */
export type Style = 'plain' | 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** One line of the screen. The text contains no control characters. */
export interface Line {
  readonly text: string;
  readonly style: Style;
}

/** The size of a terminal in cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const indent = ' '.repeat('[1/7] '.length);
const barCells = 20;
/** The maximum number of Portage's last lines that are shown; if there is room, each task gets one line. */
const shownLastLines = 5;
/** If a name would be cut to fewer cells than this, it is left out. */
const leastName = 12;

/**
 * Draws the state of a run at `now`: overall progress, the running steps in the order in which they began, image pulls, and
 * below each step its packages with phase and elapsed time and the last lines that Portage printed. If there is not enough
 * room, last lines are dropped first, then packages, then steps. The frame is one line lower and one cell narrower than the
 * terminal, so that the screen never scrolls and no line wraps.
 */
export function composeFrame(progress: Progress, lastLines: LastLinesByTask, size: Size, now: number): Line[] {
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
  const packageRoom = shareEvenly(sizes(packages), room);
  room -= sum(packageRoom);
  const linesOf = shown.map((work, index) => lastLinesOf(lastLines, work, shown.slice(index + 1)));
  const lineRoom = shareEvenly(sizes(linesOf), Math.min(room, Math.max(shownLastLines, shown.length)));

  const picture = lines.flatMap((line, index) => [
    line,
    ...(index === 0 ? below : []),
    ...packageLines(packages[index] ?? [], packageRoom[index] ?? 0, now),
    ...lastOf(linesOf[index] ?? [], lineRoom[index] ?? 0).map(outputLine),
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

/** Takes the items that fit into `room` lines; one line is kept for the number of hidden items. */
function fit<T>(all: readonly T[], room: number): { shown: readonly T[]; hidden: number } {
  const shown = all.length <= room ? all : all.slice(0, Math.max(1, room - 1));
  return { shown, hidden: all.length - shown.length };
}

/**
 * If a line is too long, the detail is cut before the count and the time. For a long task name the estimate is left out,
 * then the count; then the beginning of the name is cut, because its end says more.
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

/** A task's last lines stand below the last of its steps. */
function lastLinesOf(
  lastLines: LastLinesByTask,
  { task }: StepUnderWay,
  later: readonly StepUnderWay[],
): readonly string[] {
  return later.some((work) => work.task === task) ? [] : lastLines.of(task);
}

function outputLine(text: string): Line {
  return { text: `${indent}| ${escapeForTerminal(text)}`, style: 'dim' };
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
