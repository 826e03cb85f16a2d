import { compileGlob, type Glob } from './git-glob.ts';

/** The patterns of one `.gitignore`, which apply below its directory; the last pattern that matches decides. */
export interface IgnoreRules {
  /** The directory, relative to the working tree's top: empty, or ending with `/`. */
  readonly base: string;
  readonly rules: readonly IgnoreRule[];
}

interface IgnoreRule {
  readonly isNegated: boolean;
  readonly isForDirectories: boolean;
  readonly matches: Glob;
}

/** Parses the text of a `.gitignore` or of `info/exclude` (gitignore(5)). */
export function parseIgnoreRules(text: string, base: string): IgnoreRules {
  return { base, rules: text.split(/\r?\n/).flatMap((line) => parseRule(line) ?? []) };
}

/** Whether a path relative to the top is ignored. The caller does not descend into ignored directories. */
export function isIgnored(path: string, isDirectory: boolean, all: readonly IgnoreRules[]): boolean {
  for (const { base, rules } of all.toReversed()) {
    if (!path.startsWith(base)) continue;
    const relative = path.slice(base.length);
    const rule = rules.findLast(
      ({ isForDirectories, matches }) => (isDirectory || !isForDirectories) && matches(relative),
    );
    if (rule) return !rule.isNegated;
  }
  return false;
}

function parseRule(line: string): IgnoreRule | undefined {
  const text = withoutTrailingSpaces(line);
  if (text === '' || text.startsWith('#')) return undefined;
  const isNegated = text.startsWith('!');
  const body = isNegated ? text.slice(1) : text;
  const isForDirectories = body.endsWith('/');
  const path = isForDirectories ? body.slice(0, -1) : body;
  if (path === '') return undefined;
  const isAnchored = path.includes('/');
  const matches = compileGlob(path.startsWith('/') ? path.slice(1) : path, isAnchored);
  return matches && { isNegated, isForDirectories, matches };
}

/** Removes spaces at the end, except a space after a backslash. A regular expression would take quadratic time. */
function withoutTrailingSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === ' ') end -= 1;
  return line.slice(0, line[end - 1] === '\\' && end < line.length ? end + 1 : end);
}
