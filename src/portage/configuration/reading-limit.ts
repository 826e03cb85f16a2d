/** A limit that was exceeded, as a clause. */
export class TooMuch extends Error {}

/**
 * The limit of the characters of the files that are read together; a file that is sourced again counts again. One file may have half of
 * them.
 */
const mostRead = 2 * 1024 ** 2;
/** The limit of the characters of all values with their variables replaced. */
const mostExpanded = 32 * 1024 ** 2;

/**
 * Counts what is read of a make.conf, so that few lines cannot become billions: files that source each other, or a variable that
 * doubles itself. One limit may hold for several files.
 */
export class ReadingLimit {
  #read = 0;
  #expanded = 0;

  /** Counts the text of a file. Throws {@link TooMuch}. */
  addFile(text: string): void {
    this.#read += text.length;
    if (this.#read > mostRead)
      throw new TooMuch(`the file and the files that it sources have more than ${mostRead} characters`);
  }

  /** Counts a part of a value. Throws {@link TooMuch}. */
  addValue(length: number): void {
    this.#expanded += length;
    if (this.#expanded > mostExpanded)
      throw new TooMuch(`the values have more than ${mostExpanded} characters when their variables are replaced`);
  }
}
