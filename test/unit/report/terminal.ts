import { Writable } from 'node:stream';

const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u;

/**
 * A terminal of a given size that interprets the output of the live view. An unknown escape sequence or control character is an
 * error. Lines that leave the screen at the top go to the scrollback.
 */
export class Terminal {
  columns: number;
  rows: number;
  cursorVisible = true;
  /** The number of times that text ran over the right edge. */
  wraps = 0;
  /** The number of times that the top of the screen stopped a cursor movement. */
  overshoots = 0;
  writes = 0;
  #scrollback: Row[] = [];
  #screen: Row[] = [{ cells: [], broken: false }];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** All lines, from the first one of the scrollback on, without empty lines at the end. */
  get text(): string[] {
    return trimEmpty(this.rawText.map((line) => line.trimEnd()));
  }

  /** All lines, with the spaces at their ends. */
  get rawText(): string[] {
    return [...this.#scrollback, ...this.#screen].map(({ cells }) => cells.join(''));
  }

  get cursor(): { row: number; column: number } {
    return { row: this.#scrollback.length + this.#row, column: this.#column };
  }

  /** Resizes as most terminals do: joins the rows of each broken line, and breaks all lines anew. */
  resize(columns: number): void {
    if (this.#column !== 0) throw new Error('resized with the cursor within a line');
    const cursor = this.cursor.row;
    const rows = [...this.#scrollback, ...this.#screen];
    const lines: string[][] = [];
    rows.forEach(({ cells }, n) => {
      if (rows[n - 1]?.broken === true) lines.at(-1)?.push(...cells);
      else if (n < cursor) lines.push([...cells]);
    });
    this.columns = columns;
    const text = lines.map((cells) => `${cells.join('')}\n`).join('');
    this.#scrollback = [];
    this.#screen = [];
    this.#row = 0;
    const { wraps } = this;
    this.write(text);
    this.wraps = wraps;
  }

  write(text: string): void {
    this.writes += 1;
    const token = /\x1b\[(?<parameters>[?\d;]*)(?<final>[A-Za-z])|[\s\S]/gu;
    for (const { 0: character, groups } of text.matchAll(token)) {
      if (groups?.['final'] !== undefined) this.#control(groups['parameters'] ?? '', groups['final']);
      else if (character === '\n') this.#lineFeed();
      else if (character === '\r') this.#column = 0;
      else if (/\p{Cc}/u.test(character)) throw new Error(`control character ${JSON.stringify(character)}`);
      else this.#print(character);
    }
  }

  #control(parameters: string, final: string): void {
    const sequence = parameters + final;
    if (final === 'A') {
      const rows = Number(parameters || 1);
      if (rows > this.#row) this.overshoots += 1;
      this.#row = Math.max(0, this.#row - rows);
    } else if (sequence === 'K') this.#line().cells.splice(this.#column);
    else if (sequence === '2K') this.#screen.splice(this.#row, 1, { cells: [], broken: false });
    else if (sequence === 'J') {
      if (this.#row === 0 && this.#column === 0) throw new Error('erases the whole screen');
      this.#line().cells.splice(this.#column);
      this.#screen.splice(this.#row + 1);
    } else if (sequence === '?25l') this.cursorVisible = false;
    else if (sequence === '?25h') this.cursorVisible = true;
    else if (final !== 'm') throw new Error(`unknown sequence ${sequence}`);
  }

  #print(character: string): void {
    const cells = cellsOf(character);
    if (this.#column + cells > this.columns) {
      this.wraps += 1;
      this.#line().broken = true;
      this.#lineFeed();
    }
    const line = this.#line().cells;
    while (line.length < this.#column) line.push(' ');
    line.splice(this.#column, cells, character, ...(cells === 2 ? [''] : []));
    this.#column += cells;
  }

  #lineFeed(): void {
    this.#line();
    this.#column = 0;
    this.#row += 1;
    if (this.#row < this.rows) return;
    this.#scrollback.push(...this.#screen.splice(0, 1));
    this.#row = this.rows - 1;
  }

  #line(): Row {
    while (this.#screen.length <= this.#row) this.#screen.push({ cells: [], broken: false });
    return this.#screen[this.#row] ?? { cells: [], broken: false };
  }
}

/** A row of the screen; a broken row continues in the next one. */
interface Row {
  readonly cells: string[];
  broken: boolean;
}

function cellsOf(character: string): 1 | 2 {
  return wide.test(character) ? 2 : 1;
}

/** Breaks a line into rows as a terminal does. */
export function breakLine(line: string, columns: number): string[] {
  const rows = [''];
  let column = 0;
  for (const character of line) {
    const cells = cellsOf(character);
    if (column + cells > columns) {
      rows.push('');
      column = 0;
    }
    rows.push(`${rows.pop() ?? ''}${character}`);
    column += cells;
  }
  return rows;
}

/** The rows without the empty ones at the end. */
export function trimEmpty(rows: readonly string[]): string[] {
  return rows.slice(0, rows.findLastIndex((row) => row !== '') + 1);
}

/** Standard error on a terminal; `isTTY: false` hides the terminal from the writer, as a pipe to it would. */
export class TerminalStream extends Writable {
  readonly terminal: Terminal;
  readonly isTTY: boolean;

  constructor(terminal: Terminal, isTTY = true) {
    super({ decodeStrings: false, highWaterMark: 1 << 20 });
    this.terminal = terminal;
    this.isTTY = isTTY;
  }

  get columns(): number {
    return this.isTTY ? this.terminal.columns : 0;
  }

  get rows(): number {
    return this.isTTY ? this.terminal.rows : 0;
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.terminal.write(chunk);
    done();
  }
}
