import { styleText } from 'node:util';

import { countCells } from './display-cells.ts';
import type { Line, Size } from './frame.ts';
import type { Sink } from './sink.ts';

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const eraseToLineEnd = '\x1b[K';
const eraseBelow = '\x1b[J';
const upAndErase = '\x1b[A\x1b[2K';

/** The lower end of a terminal's screen: a frame that is redrawn in place, and permanent lines above it. */
export interface Screen {
  /**
   * Writes `kept` above the frame permanently, and replaces the frame. Kept lines may be wider than the terminal; lines of
   * the frame must fit. If nothing changes, nothing is written.
   */
  draw(kept: readonly Line[], frame: readonly Line[]): void | Promise<void>;
  /** Erases the frame, not the lines above it, and shows the cursor. */
  clear(): void | Promise<void>;
}

/**
 * Opens a screen on a terminal that supports these sequences: cursor up; erase a line, to the line's end, below; hide and
 * show the cursor. Between two calls the cursor is at the start of the line below the frame.
 */
export function openScreen(sink: Sink, readSize: () => Size, colours: boolean): Screen {
  let drawn: readonly Line[] = [];
  let drawnColumns = 0;
  let hidden = false;

  function paint(line: Line): string {
    const text = line.text.replaceAll('\t', ' '.repeat(8));
    return colours && line.style !== 'plain' ? styleText(line.style, text, { validateStream: false }) : text;
  }
  return {
    draw(kept, frame) {
      if (kept.length === 0 && sameLines(drawn, frame)) return;
      const { columns } = readSize();
      // After a resize a terminal may treat several rows as one wrapped line: overwriting keeps that, erasing ends it.
      const inPlace = kept.length === 0 && frame.length > 0 && columns === drawnColumns;
      let text = inPlace ? moveUp(drawn.length) : eraseRows(countRows(drawn, columns));
      text += kept.map((line) => `${paint(line)}\n`).join('');
      text += frame.map((line) => `${paint(line)}${eraseToLineEnd}\n`).join('');
      if (inPlace && drawn.length > frame.length) text += eraseBelow;
      if (!hidden && frame.length > 0) {
        text = hideCursor + text;
        hidden = true;
      }
      drawn = frame;
      drawnColumns = columns;
      return sink.write(text);
    },
    clear() {
      const text = eraseRows(countRows(drawn, readSize().columns)) + (hidden ? showCursor : '');
      drawn = [];
      hidden = false;
      return sink.write(text);
    },
  };
}

function moveUp(rows: number): string {
  return rows === 0 ? '' : `\x1b[${rows}A\r`;
}

/**
 * Erases row by row, because tmux keeps the frame in its scrollback if a program erases everything below the first row at once.
 */
function eraseRows(rows: number): string {
  return rows === 0 ? '' : `${upAndErase.repeat(rows)}\r`;
}

/** Counts the rows of lines on a terminal that may have become narrower, which wraps its lines again. */
function countRows(lines: readonly Line[], columns: number): number {
  return lines.reduce((rows, { text }) => rows + Math.max(1, Math.ceil(countCells(text) / columns)), 0);
}

function sameLines(some: readonly Line[], others: readonly Line[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ text, style }, index) => text === others[index]?.text && style === others[index].style)
  );
}
