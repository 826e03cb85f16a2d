import { Writable } from 'node:stream';

const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u;

/**
 * A terminal of so many cells that interprets what the live view writes, and refuses everything else: an escape sequence
 * or control character that it does not know is an error. Lines that leave the screen at the top go to the scrollback.
 */
export class Terminal {
  columns: number;
  rows: number;
  readonly scrollback: string[] = [];
  cursorVisible = true;
  /** How often text ran over the right edge. */
  wraps = 0;
  /** How often a cursor movement was stopped by the top of the screen. */
  overshoots = 0;
  writes = 0;
  #screen: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** Everything that can be read, from the first line of the scrollback on, without the empty lines at the end. */
  get text(): string[] {
    const lines = [...this.scrollback, ...this.#screen.map(joinCells)];
    while (lines.length > 0 && lines.at(-1) === '') lines.pop();
    return lines;
  }

  get cursor(): { row: number; column: number } {
    return { row: this.scrollback.length + this.#row, column: this.#column };
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
    } else if (sequence === 'K') this.#line().splice(this.#column);
    else if (sequence === 'J') {
      this.#line().splice(this.#column);
      this.#screen.splice(this.#row + 1);
    } else if (sequence === '?25l') this.cursorVisible = false;
    else if (sequence === '?25h') this.cursorVisible = true;
    else if (final !== 'm') throw new Error(`unknown sequence ${sequence}`);
  }

  #print(character: string): void {
    const cells = wide.test(character) ? 2 : 1;
    if (this.#column + cells > this.columns) {
      this.wraps += 1;
      this.#lineFeed();
    }
    const line = this.#line();
    while (line.length < this.#column) line.push(' ');
    line.splice(this.#column, cells, character, ...(cells === 2 ? [''] : []));
    this.#column += cells;
  }

  #lineFeed(): void {
    this.#column = 0;
    this.#row += 1;
    if (this.#row < this.rows) return;
    this.scrollback.push(joinCells(this.#screen.shift() ?? []));
    this.#row = this.rows - 1;
  }

  #line(): string[] {
    while (this.#screen.length <= this.#row) this.#screen.push([]);
    return this.#screen[this.#row] ?? [];
  }
}

function joinCells(cells: readonly string[]): string {
  return cells.join('').trimEnd();
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
