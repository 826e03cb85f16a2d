/**
 * `NAME=value` assignments as a shell would write them, one after another, the values quoted in single or double quotes,
 * with backslashes, or not at all: what `portageq envvar -v` prints (`shlex.quote`, and in older ones double quotes).
 * Values may span lines. What is not an assignment is skipped up to the end of its line.
 */
export function parseShellAssignments(text: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  const line =
    /(?:^|\n)(?:([A-Za-z_][A-Za-z0-9_]*)=((?:"(?:[^"\\]|\\[^])*"|'[^']*'|\\[^]|[^\s"'\\])*)(?=\s*(?:\n|$)))/g;
  for (const [, name = '', value = ''] of text.matchAll(line)) variables.set(name, unquote(value));
  return variables;
}

function unquote(value: string): string {
  return value.replaceAll(
    /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])/g,
    (_whole, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replaceAll(/\\([$`"\\\n])/g, '$1') ?? escaped ?? '',
  );
}
