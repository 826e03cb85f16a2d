/** Ranges beyond ASCII whose characters every terminal draws in one cell. */
const narrow = [
  [0x00a0, 0x10ff],
  [0x1e00, 0x2319],
  [0x2500, 0x25fc],
] as const;

/**
 * Counts the terminal cells that a text takes at most. Terminals disagree, so the count errs on the wide side: a combining
 * mark counts as one cell, and a character that may be wide (ideograph, symbol, emoji) counts as two. A line that is cut by
 * this count never wraps. The text must not contain control characters.
 */
export function countCells(text: string): number {
  let cells = 0;
  for (const character of text) cells += cellsOf(character);
  return cells;
}

/** Cuts the end of a text that is wider than `cells`; `...` marks the cut if there is room. */
export function cutToCells(text: string, cells: number): string {
  if (text.length <= cells / 2 || countCells(text) <= cells) return text;
  const mark = cells >= 8 ? '...' : '';
  let left = cells - mark.length;
  let end = 0;
  for (const character of text) {
    left -= cellsOf(character);
    if (left < 0) break;
    end += character.length;
  }
  return text.slice(0, end) + mark;
}

/** Cuts the beginning of a text that is wider than `cells`; `...` marks the cut if there is room. */
export function cutBeginning(text: string, cells: number): string {
  if (text.length <= cells / 2 || countCells(text) <= cells) return text;
  const mark = cells >= 8 ? '...' : '';
  let left = cells - mark.length;
  let begin = text.length;
  for (const character of Array.from(text).toReversed()) {
    left -= cellsOf(character);
    if (left < 0) break;
    begin -= character.length;
  }
  return mark + text.slice(begin);
}

/** Pads a text with spaces to a width of `cells`. */
export function padToCells(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - countCells(text)));
}

function cellsOf(character: string): 1 | 2 {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x7f) return 1;
  return narrow.some(([first, last]) => first <= code && code <= last) ? 1 : 2;
}
