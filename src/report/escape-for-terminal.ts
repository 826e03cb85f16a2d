import { stripVTControlCharacters } from 'node:util';

const longestLine = 8192;

/**
 * Makes a line from any source safe for a terminal. Escape sequences are removed. Characters that would move the cursor,
 * ring the bell or change the reading direction become visible (`^G`, `<U+202E>`), as in `less`. If the line redraws itself
 * with carriage returns, its last state remains. Tabs stay. A line of more than 8 KiB is cut.
 */
export function escapeForTerminal(text: string): string {
  if (text.length <= longestLine && !/[^\t -~]/.test(text)) return text;
  const complete = lastState(text);
  const short = complete.length > longestLine ? `${complete.slice(0, longestLine)}...` : complete;
  return stripVTControlCharacters(short)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, (character) => (character === '\t' ? '\t' : show(character)));
}

/** Splits a text into lines and makes each line safe for a terminal. */
export function escapeLinesForTerminal(text: string): string[] {
  return text.trimEnd().split('\n').map(escapeForTerminal);
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
