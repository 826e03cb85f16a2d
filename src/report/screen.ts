import { styleText } from 'node:util';

import { countCells } from './display-cells.ts';
import type { Line, Size } from './frame.ts';
import type { Sink } from './sink.ts';

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const eraseToLineEnd = '\x1b[K';
const eraseBelow = '\x1b[J';
const upAndErase = '\x1b[A\x1b[2K';

/** The lower end of a terminal's screen: a picture that is redrawn in place, and lines above it that stay. */
export interface Screen {
  /**
   * Puts `kept` above the picture, where they stay and may be longer than the terminal is wide, and replaces the picture
   * by `frame`, whose lines fit. Nothing is written when nothing changes.
   */
  draw(kept: readonly Line[], frame: readonly Line[]): void | Promise<void>;
  /** Takes the picture away, the lines above it remaining, and gives the cursor back. */
  clear(): void | Promise<void>;
}

/**
 * A screen on a terminal that knows the sequences used here: cursor up, erase a line, to its end and below, hide and show the
 * cursor. Between two calls the cursor is at the beginning of the line below the picture.
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
      // After a resize, rows may be marked as one broken line, which overwriting does not undo and erasing does.
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

/** Row by row: a terminal asked to erase all below its first row may keep the picture in its scrollback (tmux does). */
function eraseRows(rows: number): string {
  return rows === 0 ? '' : `${upAndErase.repeat(rows)}\r`;
}

/** A terminal that has become narrower since has broken its lines anew, each into as many rows as it needs now. */
function countRows(lines: readonly Line[], columns: number): number {
  return lines.reduce((rows, { text }) => rows + Math.max(1, Math.ceil(countCells(text) / columns)), 0);
}

function sameLines(some: readonly Line[], others: readonly Line[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ text, style }, index) => text === others[index]?.text && style === others[index].style)
  );
}
