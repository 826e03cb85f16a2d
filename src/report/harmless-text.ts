import { stripVTControlCharacters } from 'node:util';

const longestLine = 8192;

/**
 * A line that can be written to a terminal whoever it comes from: escape sequences are taken out, and what else would
 * move the cursor, ring or change the reading direction is shown (`^G`, `<U+202E>`), as `less` does. Of a line that
 * redraws itself with carriage returns the last state remains. Tabs stay; what goes on for more than 8 KiB is cut.
 */
export function harmlessLine(text: string): string {
  if (text.length <= longestLine && !/[^\t -~]/.test(text)) return text;
  const complete = lastState(text);
  const short = complete.length > longestLine ? `${complete.slice(0, longestLine)}...` : complete;
  return stripVTControlCharacters(short)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, (character) => (character === '\t' ? '\t' : show(character)));
}

/** The lines of a text of our own or of the engine's, each of them harmless. */
export function harmlessLines(text: string): string[] {
  return text.trimEnd().split('\n').map(harmlessLine);
}

function lastState(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\r') end -= 1;
  return text.slice(end === 0 ? 0 : text.lastIndexOf('\r', end - 1) + 1, end);
}

function show(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return `^${String.fromCodePoint(code + 0x40)}`;
  return code === 0x7f ? '^?' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
