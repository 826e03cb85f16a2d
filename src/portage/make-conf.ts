/**
 * The variables that files such as make.globals and make.conf set, later files winning, with `$NAME` and `${NAME}`
 * replaced by what was set before them (nothing, if it was not). Quoting is that of a shell; `source` is not followed.
 * As Portage's own reader does when told to be tolerant, a file is read up to its first error (portage.util.getconfig).
 */
export function parseMakeConf(texts: readonly string[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const text of texts) readMakeConf(text, variables);
  return variables;
}

/**
 * `NAME=value`, at the beginning of a line; a value is a sequence of quoted and bare parts without white space between
 * them. Sticky, so that each match begins where the one before ended.
 */
const assignment =
  /(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=[ \t]*((?:"(?:[^"\\]|\\[^])*"|'[^']*'|\\[^]|[^\s"'\\#=])*)/y;
const blankOrComment = /(?:\s+|#[^\n]*)+/y;
const sourceStatement = /(?:source|\.)[ \t]+[^\n]*/y;

function readMakeConf(text: string, variables: Map<string, string>): void {
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (match) position = pattern.lastIndex;
    return match ?? undefined;
  };
  while (position < text.length) {
    if (take(blankOrComment) || take(sourceStatement)) continue;
    const [, name = '', value = ''] = take(assignment) ?? [];
    if (name === '') return;
    variables.set(name, unquote(value, variables));
  }
}

/** A value without its quotes and escapes. Unlike a shell, Portage replaces variables in single quotes as well. */
function unquote(value: string, variables: ReadonlyMap<string, string>): string {
  const parts = /'([^']*)'|"((?:[^"\\]|\\[^])*)"|((?:\\[^]|[^"'\\])+)/g;
  return value.replaceAll(parts, (_whole, single?: string, double?: string, bare?: string) =>
    expand(single ?? double ?? bare ?? '', variables),
  );
}

function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\\([^])|\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g,
    (_whole, escaped?: string, braced?: string, bare?: string) =>
      escaped === undefined ? (variables.get(braced ?? bare ?? '') ?? '') : escaped === '\n' ? '' : escaped,
  );
}
