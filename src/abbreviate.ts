/** Quotes a text from outside for a message: control characters are escaped, and the text is cut after 60 characters. */
export function abbreviate(argument: string): string {
  const start = JSON.stringify(argument.slice(0, 60))
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll('\u007f', '\\u007f');
  return argument.length > 60 ? `'${start}...' (${argument.length} characters)` : `'${start}'`;
}
