/** The words of a text, or the reason for which it has none. */
export type ShellWords = { readonly words: readonly string[] } | { readonly fault: string };

/**
 * Splits a text into words as Python's `shlex.split` does, by which emerge splits EMERGE_DEFAULT_OPTS: quotation marks, and a
 * backslash outside single quotation marks. `$` and `#` have no meaning.
 */
export function splitShellWords(text: string): ShellWords {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  const characters = Array.from(text);
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === quote) quote = '';
    else if (character === '\\' && quote !== "'") {
      const escaped = characters[++at];
      if (escaped === undefined) return { fault: 'nothing follows its last backslash' };
      const isKept = quote === '"' && escaped !== '"' && escaped !== '\\';
      word = `${word ?? ''}${isKept ? '\\' : ''}${escaped}`;
    } else if (quote !== '') word = `${word ?? ''}${character}`;
    else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = `${word ?? ''}${character}`;
  }
  if (quote !== '') return { fault: `the quotation mark ${quote} in it is not closed` };
  return { words: word === undefined ? words : [...words, word] };
}
