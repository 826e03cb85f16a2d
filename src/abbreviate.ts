/** A text from outside as it can be shown in a message: control characters escaped, cut after 60 characters. */
export function abbreviate(argument: string): string {
  const start = JSON.stringify(argument.slice(0, 60))
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll('\u007f', '\\u007f');
  return argument.length > 60 ? `'${start}...' (${argument.length} characters)` : `'${start}'`;
}
