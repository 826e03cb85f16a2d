/**
 * What Python takes for white space: Unicode's white space and the four separators of ASCII. JavaScript's `\s` differs: it has the byte
 * order mark, and neither U+0085 nor the separators.
 */
const whiteSpace = String.raw`\p{White_Space}\u001c-\u001f`;

const words = new RegExp(`[^${whiteSpace}]+`, 'gu');
const ends = new RegExp(`^[${whiteSpace}]+|[${whiteSpace}]+$`, 'gu');

/** A word of a line, and its index. */
interface Word {
  readonly text: string;
  readonly index: number;
}

/** The lines of a text as Python reads a text file: they end with LF, CR LF or CR, and not with the other line ends of Unicode. */
export function textLines(text: string): readonly string[] {
  return text.split(/\r\n?|\n/);
}

/** The words of a line, as Python's `split` finds them. */
export function splitWords(line: string): readonly Word[] {
  return [...line.matchAll(words)].map(({ 0: text, index }) => ({ text, index }));
}

/** Removes white space at both ends, as Python's `strip` does; a byte order mark stays. */
export function strip(text: string): string {
  return text.replaceAll(ends, '');
}

/** The words of each line up to the first one that begins with `#`, without empty lines (`grabfile` in portage/util). */
export function grabWords(text: string): readonly (readonly string[])[] {
  return textLines(text)
    .map((line) => {
      const found = splitWords(line).map((word) => word.text);
      const comment = found.findIndex((word) => word.startsWith('#'));
      return comment < 0 ? found : found.slice(0, comment);
    })
    .filter(({ length }) => length > 0);
}
