import { posix } from 'node:path';

import { expandVariables } from './expand-variables.ts';
import { TooMuch, type ReadingLimit } from './reading-limit.ts';

/** A position in a make.conf; lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A word of a make.conf without its quotes; a quoted word may be empty. */
export interface Token {
  readonly text: string;
  readonly place: Position;
}

/** A fault at which Portage fails, or a value that Portage takes for empty. */
export interface Remark {
  readonly place: Position;
  /** A clause without a full stop. */
  readonly message: string;
}

/**
 * Returns the text of a sourced file by its absolute path; undefined if there is no such file, and `unknown` if only the system
 * in which Portage runs has it.
 */
export type ReadSource = (path: string) => { readonly text: string } | 'unknown' | undefined;

/** The files that a make.conf may source, and the variables that their names may contain. */
export interface Sources {
  readonly read: ReadSource;
  readonly variables: ReadonlyMap<string, string>;
  readonly limit: ReadingLimit;
  /** Called for a file that does not exist; Portage's programs except emerge then read on. */
  readonly onMissing: (source: Remark) => void;
  /** Called for a file that only the system in which Portage runs may have. */
  readonly onUnknown: (source: Remark) => void;
}

/** Reports a position at which Portage cannot read the rest of the file. */
export class Unreadable extends Error {
  readonly remark: Remark;

  constructor(place: Position, message: string) {
    super(message);
    this.remark = { place, message };
  }
}

/** Does something at a position; throws {@link Unreadable} if it would exceed the limit. */
export function within<T>(place: Position, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof TooMuch ? new Unreadable(place, error.message) : error;
  }
}

/** A file that is being read. The reader has a stack of them: each file is sourced by the file below it. */
interface Stream {
  readonly file: string;
  readonly characters: readonly string[];
  at: number;
  line: number;
  column: number;
}

const wordCharacters = /[A-Za-z0-9~!@#$%*_\\:;?,./+{}-]/;
const whiteSpace = /[ \t\r\n]/;
const mostSources = 50;

/**
 * Splits a make.conf into words as Portage does: by Python's `shlex` in POSIX mode, with the characters of a word that
 * `getconfig` in portage/util sets. Any other character outside quotes is a separate word. `source FILE` continues with the words
 * of the file.
 */
export class MakeConfTokens {
  readonly #read: ReadSource;
  readonly #variables: ReadonlyMap<string, string>;
  readonly #limit: ReadingLimit;
  readonly #streams: Stream[] = [];
  readonly #pushedBack: Token[] = [];
  readonly #onMissing: (source: Remark) => void;
  readonly #onUnknown: (source: Remark) => void;
  /** Whether the current file has ended. As in `shlex`, a file that is sourced on the last line of another is then skipped. */
  #ended = false;

  /** The caller may add to the variables while it reads. Throws {@link Unreadable} if the text is too long. */
  constructor(file: string, text: string, { read, variables, limit, onMissing, onUnknown }: Sources) {
    this.#read = read;
    this.#variables = variables;
    this.#limit = limit;
    this.#onMissing = onMissing;
    this.#onUnknown = onUnknown;
    // Portage ends the last line, so that a file sourced there is read.
    within({ file, line: 1, column: 1 }, () => this.#open(file, /[\r\n]$/.test(text) ? text : `${text}\n`));
  }

  /** The next word; undefined at the end. Throws {@link Unreadable}. */
  next(): Token | undefined {
    for (;;) {
      const pushedBack = this.#pushedBack.shift();
      if (pushedBack) return pushedBack;
      const token = this.#readToken();
      if (token?.text === 'source') this.#source(token);
      else if (token) return token;
      else if (this.#streams.length > 1) {
        this.#streams.pop();
        this.#ended = false;
      } else return undefined;
    }
  }

  #open(file: string, text: string): void {
    this.#limit.addFile(text);
    // Python's text files end each line with LF, whatever it is in the file.
    const characters = Array.from(text.replaceAll(/\r\n?/g, '\n'));
    this.#streams.push({ file, characters, at: 0, line: 1, column: 1 });
  }

  #source({ place }: Token): void {
    const name = this.#readToken();
    if (!name) throw new Unreadable(place, 'source has no file name');
    const { value } = within(place, () => expandVariables(name.text, this.#variables, this.#limit));
    if (value === '') throw new Unreadable(place, 'source has no file name');
    // `..` is left in the path, because it may follow a symbolic link.
    const path = value.startsWith('/') ? value : `${posix.dirname(this.#stream.file)}/${value}`;
    const source = this.#read(path);
    if (source === 'unknown') {
      this.#onUnknown({ place, message: `it sources ${path}` });
      return;
    }
    if (source === undefined) this.#onMissing({ place, message: `it sources ${path}, and there is no such file` });
    else if (this.#streams.length > mostSources) throw new Unreadable(place, `it sources ${path} again and again`);
    else within(place, () => this.#open(path, source.text));
  }

  get #stream(): Stream {
    const stream = this.#streams.at(-1);
    if (!stream) throw new Error('no file is open');
    return stream;
  }

  get #place(): Position {
    const { file, line, column } = this.#stream;
    return { file, line, column };
  }

  #take(): string | undefined {
    const stream = this.#stream;
    const character = stream.characters[stream.at];
    if (character === undefined) {
      this.#ended = true;
      return undefined;
    }
    stream.at++;
    stream.column++;
    if (character === '\n') {
      stream.line++;
      stream.column = 1;
    }
    return character;
  }

  #skipLine(): void {
    const stream = this.#stream;
    const end = stream.characters.indexOf('\n', stream.at);
    stream.at = end < 0 ? stream.characters.length : end;
    if (end >= 0) this.#take();
  }

  #readToken(): Token | undefined {
    if (this.#ended) return undefined;
    const word = new Word();
    for (;;) {
      const place = this.#place;
      const character = this.#take();
      if (character === undefined || whiteSpace.test(character) || character === '#') {
        if (character === '#') this.#skipLine();
        if (character === undefined || word.token) return word.token;
      } else if (character === '"' || character === "'") {
        this.#readQuoted(character, word, place);
      } else if (character === '\\') {
        const escaped = this.#take();
        if (escaped === undefined) throw new Unreadable(place, 'nothing follows the backslash');
        word.add(escaped, place);
      } else if (wordCharacters.test(character)) {
        word.add(character, place);
      } else if (word.isBegun) {
        this.#pushedBack.push({ text: character, place });
        return word.token;
      } else return { text: character, place };
    }
  }

  #readQuoted(quote: string, word: Word, place: Position): void {
    word.quote(place);
    for (;;) {
      const character = this.#take();
      if (character === undefined) throw new Unreadable(place, `the quotation mark ${quote} is not closed`);
      if (character === quote) return;
      if (character !== '\\' || quote === "'") {
        word.add(character, place);
        continue;
      }
      const escaped = this.#take();
      if (escaped === undefined) throw new Unreadable(place, `the quotation mark ${quote} is not closed`);
      word.add(escaped === '"' || escaped === '\\' ? escaped : `\\${escaped}`, place);
    }
  }
}

/** A word that is being read. */
class Word {
  readonly #parts: string[] = [];
  #place: Position | undefined;
  #isQuoted = false;

  add(text: string, place: Position): void {
    this.#place ??= place;
    this.#parts.push(text);
  }

  quote(place: Position): void {
    this.#place ??= place;
    this.#isQuoted = true;
  }

  get isBegun(): boolean {
    return this.#place !== undefined;
  }

  /** The word so far; undefined if it has neither characters nor quotes. */
  get token(): Token | undefined {
    return this.#place && (this.#isQuoted || this.#parts.length > 0)
      ? { text: this.#parts.join(''), place: this.#place }
      : undefined;
  }
}
