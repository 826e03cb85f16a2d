/** The patterns of one `.gitignore`, which hold below its directory; the last one that matches decides. */
export interface IgnoreRules {
  /** The directory, relative to the working tree's top: empty or with a `/` at its end. */
  readonly base: string;
  readonly rules: readonly IgnoreRule[];
}

interface IgnoreRule {
  readonly isNegated: boolean;
  readonly isForDirectories: boolean;
  readonly pattern: RegExp;
}

/** Reads the text of a `.gitignore` or of `info/exclude` (gitignore(5)). */
export function parseIgnoreRules(text: string, base: string): IgnoreRules {
  return { base, rules: text.split(/\r?\n/).flatMap((line) => parseRule(line) ?? []) };
}

/** Whether a path, relative to the top, is ignored. Its directory is not: whoever walks does not enter ignored ones. */
export function isIgnored(path: string, isDirectory: boolean, all: readonly IgnoreRules[]): boolean {
  for (const { base, rules } of all.toReversed()) {
    if (!path.startsWith(base)) continue;
    const relative = path.slice(base.length);
    const rule = rules.findLast(
      ({ isForDirectories, pattern }) => (isDirectory || !isForDirectories) && pattern.test(relative),
    );
    if (rule) return !rule.isNegated;
  }
  return false;
}

function parseRule(line: string): IgnoreRule | undefined {
  const text = line.replace(/(?<!\\) +$/, '');
  if (text === '' || text.startsWith('#')) return undefined;
  const isNegated = text.startsWith('!');
  const body = isNegated ? text.slice(1) : text;
  const isForDirectories = body.endsWith('/');
  const path = isForDirectories ? body.slice(0, -1) : body;
  if (path === '') return undefined;
  const isAnchored = path.includes('/');
  const pattern = compile(path.startsWith('/') ? path.slice(1) : path);
  if (pattern === undefined) return undefined;
  return { isNegated, isForDirectories, pattern: new RegExp(`${isAnchored ? '^' : '(?:^|/)'}${pattern}$`, 's') };
}

const wildcards = /^\*\*$|^\*\*\/|\/\*\*$|\/\*\*\/|\*+|\?|\[(?:[!^]?\]?)(?:\[:\w+:\]|\\.|[^\]\\])*\]|\\(.)|[^]/g;

/** A pattern as a regular expression; undefined if it matches nothing. */
function compile(glob: string): string | undefined {
  if (/(?<!\\)(?:\\\\)*\\$/.test(glob)) return undefined;
  const source = glob.replaceAll(/(^|\/)(?:\*\*\/)+/g, '$1**/').replaceAll(wildcards, (part, escaped?: string) => {
    if (escaped !== undefined) return escape(escaped);
    if (part === '**' && glob === part) return '.+';
    if (part === '**/') return '(?:.*/)?';
    if (part === '/**') return '/.+';
    if (part === '/**/') return '/(?:.*/)?';
    if (part.startsWith('*')) return '[^/]*';
    if (part === '?') return '[^/]';
    return part.length > 1 ? compileClass(part) : escape(part);
  });
  return isRegExp(source) ? source : undefined;
}

const namedClasses: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  digit: '0-9',
  lower: 'a-z',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9a-fA-F',
};

function compileClass(part: string): string {
  const isNegated = /^\[[!^]/.test(part);
  const body = part
    .slice(isNegated ? 2 : 1, -1)
    .replaceAll(/\[:(\w+):\]|\\(.)|([[\]^])/g, (_whole, name?: string, escaped?: string, special?: string) =>
      name === undefined ? `\\${escaped ?? special}` : (namedClasses[name] ?? ''),
    );
  return `(?!/)[${isNegated ? '^' : ''}${body}]`;
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function isRegExp(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}
