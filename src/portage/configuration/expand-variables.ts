import type { ReadingLimit } from './reading-limit.ts';

/** A value with its variables replaced. */
interface Expansion {
  readonly value: string;
  /** The words in the value for which Portage takes the whole value for empty, such as `$(nproc)`. */
  readonly unsupported: string | undefined;
}

/** `\x`, `${NAME}`, `$NAME`, or a `$` that is neither: then Portage drops the value. */
const doubleQuoted = /\\(?:\\(["'$]?)|([^]))|\$(?:\{([A-Za-z0-9_]*)\}|([A-Za-z0-9_]+)|(?!$))|\n|["']/gu;

/**
 * Replaces `$NAME` and `${NAME}` by the value of the variable, or by nothing, as `varexpand` in portage/util does: nothing is
 * replaced between single quotes that are part of the value; a line end becomes a space; a backslash before `$`, a line end or
 * another backslash is removed. Portage knows no other expansion: a value with `$(command)` or `${NAME:-default}` becomes empty.
 * `limit` counts the characters of the value and throws if they are too many.
 */
export function expandVariables(
  text: string,
  variables: ReadonlyMap<string, string>,
  limit: Pick<ReadingLimit, 'addValue'>,
): Expansion {
  limit.addValue(text.length);
  const parts: string[] = [];
  let position = 0;
  let isSingle = false;
  let isDouble = false;
  const pattern = new RegExp(doubleQuoted);
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [whole, afterBackslash, escaped, braced, bare] = match;
    if (isSingle && whole !== "'") {
      // Nothing else matters up to the next quote.
      pattern.lastIndex = match.index + 1;
      continue;
    }
    parts.push(text.slice(position, match.index));
    position = pattern.lastIndex;
    if (whole === "'" || whole === '"') {
      if (whole === "'" && !isDouble) isSingle = !isSingle;
      if (whole === '"') isDouble = !isDouble;
      parts.push(whole);
    } else if (whole === '\n') parts.push(' ');
    else if (escaped !== undefined) parts.push(escaped === '$' ? '$' : escaped === '\n' ? '' : whole);
    // Portage takes a quote or $ after two backslashes as it is.
    else if (whole.startsWith('\\')) parts.push(`\\${afterBackslash}`);
    else {
      const name = braced ?? bare ?? '';
      if (name === '') return { value: '', unsupported: describeUnsupported(text, match.index) };
      const value = variables.get(name) ?? '';
      limit.addValue(value.length);
      parts.push(value);
    }
  }
  return { value: [...parts, text.slice(position)].join(''), unsupported: undefined };
}

/** The words of a value from a `$` that Portage does not understand, at most 40 characters. */
function describeUnsupported(text: string, index: number): string {
  const [words = '$'] = /^\$(?:\([^)\n]*\)?|\{[^}\n]*\}?|\S?)/u.exec(text.slice(index)) ?? [];
  return words.length > 40 ? `${words.slice(0, 39)}…` : words;
}
