/** The ranges beyond ASCII whose characters no terminal draws wider than one cell. */
const narrow = [
  [0x00a0, 0x10ff],
  [0x1e00, 0x2319],
  [0x2500, 0x25fc],
] as const;

/**
 * How many cells of a terminal's line the text takes at most. Terminals disagree, so that it errs on the wide side:
 * combining marks count as if they were not combined, and what may be wide (ideographs, symbols, emoji) as wide. A line
 * cut by this measure does not wrap. The text has no control characters.
 */
export function countCells(text: string): number {
  let cells = 0;
  for (const character of text) cells += cellsOf(character);
  return cells;
}

/** The text, or as much of its beginning as fits into so many cells; a cut is shown by `...` where there is room. */
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

/** The text, or as much of its end as fits into so many cells; a cut is shown by `...` where there is room. */
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

/** The text followed by spaces up to so many cells. */
export function padToCells(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - countCells(text)));
}

function cellsOf(character: string): 1 | 2 {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x7f) return 1;
  return narrow.some(([first, last]) => first <= code && code <= last) ? 1 : 2;
}
