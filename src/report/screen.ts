import { styleText } from 'node:util';

import { countCells } from './display-cells.ts';
import type { Line, Size } from './frame.ts';
import type { Sink } from './sink.ts';

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const eraseToLineEnd = '\x1b[K';
const eraseBelow = '\x1b[J';

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
 * A screen on a terminal that knows the five sequences used here: cursor up, erase to the end of the line and below,
 * hide and show the cursor. Between two calls the cursor is at the beginning of the line below the picture.
 */
export function openScreen(sink: Sink, readSize: () => Size, colours: boolean): Screen {
  let drawn: readonly Line[] = [];
  let hidden = false;

  function paint({ text, style }: Line): string {
    return colours && style !== 'plain' && text !== '' ? styleText(style, text, { validateStream: false }) : text;
  }
  function toTop(): string {
    const height = countRows(drawn, readSize().columns);
    return height === 0 ? '' : `\x1b[${height}A\r`;
  }

  return {
    draw(kept, frame) {
      if (kept.length === 0 && sameLines(drawn, frame)) return;
      let text = toTop();
      if (kept.length > 0)
        text += (drawn.length > 0 ? eraseBelow : '') + kept.map((line) => `${paint(line)}\n`).join('');
      text += frame.map((line) => `${paint(line)}${eraseToLineEnd}\n`).join('');
      if (drawn.length > 0) text += eraseBelow;
      if (!hidden && frame.length > 0) {
        text = hideCursor + text;
        hidden = true;
      }
      drawn = frame;
      return sink.write(text);
    },
    clear() {
      let text = toTop() + (drawn.length > 0 ? eraseBelow : '');
      if (hidden) text += showCursor;
      drawn = [];
      hidden = false;
      return sink.write(text);
    },
  };
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
