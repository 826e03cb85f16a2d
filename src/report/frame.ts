import { formatBytes, formatElapsed } from './amounts.ts';
import { describeElapsed } from './describe-schedule.ts';
import { countCells, cutToCells, padToCells } from './display-cells.ts';
import { isMerging } from './event.ts';
import type { PackageAtWork, Progress, StepUnderWay } from './progress.ts';
import { labelStep } from './step-label.ts';

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

/**
 * The picture of a run at `now`: the steps that are under way, what is pulled, the packages at work with phase and
 * elapsed time, and below them the `tail`, the last lines that Portage printed. It is lower than the terminal and
 * narrower, by one each: neither does the screen scroll nor does a terminal wrap that does so on reaching its edge.
 */
export function composeFrame(progress: Progress, tail: readonly string[], size: Size, now: number): Line[] {
  const width = Math.max(1, size.columns - 1);
  const height = Math.max(1, size.rows - 1);
  const lines = [...progress.steps.values()].map((work) => stepLine(progress, work, width, now));
  if (lines.length === 0) return [];
  for (const [image, { current, total }] of progress.pulls) {
    lines.push({ text: indent + pullText(image, current, total), style: 'plain' });
  }
  const packages = [...progress.emerges.values()].flatMap((emerge) => [...emerge.packages.values()]);
  lines.push(...packageLines(packages, height - lines.length, now));
  const room = height - lines.length;
  if (room > 0) lines.push(...tail.slice(-room).map((text) => ({ text: `${indent}| ${text}`, style: 'dim' as const })));
  return lines
    .slice(0, height)
    .map(({ text, style }) => ({ text: cutToCells(text.replaceAll('\t', '  '), width), style }));
}

/** Where the line is short of room, what the step is about is cut, not the count and the time. */
function stepLine(progress: Progress, work: StepUnderWay, width: number, now: number): Line {
  const { detail, since } = work;
  const { reached = 0, total = 0 } = (isMerging(work.step) && progress.emerges.get(work.task)) || {};
  const count = total > 0 ? `  package ${reached} of ${total}` : '';
  const end = `${count}  ${describeElapsed((now - since) / 1000, work.estimate)}`;
  const label = labelStep(work);
  const room = width - countCells(label) - countCells(end) - 1;
  const about = detail !== '' && room > 3 ? ` ${cutToCells(detail, room)}` : '';
  return { text: label + about + end, style: 'bold' };
}

function pullText(image: string, current: number, total: number): string {
  if (total <= 0) return `${formatBytes(current)} pulled of ${image}`;
  const filled = Math.min(barCells, Math.floor((barCells * current) / total));
  const bar = '#'.repeat(filled).padEnd(barCells, '-');
  return `[${bar}] ${formatBytes(current)} of ${formatBytes(total)}  ${image}`;
}

function packageLines(packages: readonly PackageAtWork[], room: number, now: number): Line[] {
  const shown = packages.length <= room ? packages : packages.slice(0, Math.max(0, room - 1));
  const cpvCells = Math.max(0, ...shown.map(({ cpv }) => countCells(cpv)));
  const phaseCells = Math.max(0, ...shown.map(({ phase }) => countCells(phase)));
  const lines = shown.map(({ cpv, phase, binary, since }): Line => {
    const elapsed = formatElapsed((now - since) / 1000);
    const columns = [
      padToCells(cpv, cpvCells),
      padToCells(phase, phaseCells),
      elapsed,
      binary ? 'from a binary package' : '',
    ];
    return { text: indent + columns.filter((column) => column !== '').join('  '), style: 'plain' };
  });
  const hidden = packages.length - shown.length;
  if (hidden > 0 && room > 0) lines.push({ text: `${indent}and ${hidden} more`, style: 'plain' });
  return lines;
}
