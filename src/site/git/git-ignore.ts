import { compileGlob, type Glob } from './git-glob.ts';

/** The patterns of one `.gitignore`, which hold below its directory; the last one that matches decides. */
export interface IgnoreRules {
  /** The directory, relative to the working tree's top: empty or with a `/` at its end. */
  readonly base: string;
  readonly rules: readonly IgnoreRule[];
}

interface IgnoreRule {
  readonly isNegated: boolean;
  readonly isForDirectories: boolean;
  readonly matches: Glob;
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
      ({ isForDirectories, matches }) => (isDirectory || !isForDirectories) && matches(relative),
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
  const matches = compileGlob(path.startsWith('/') ? path.slice(1) : path, isAnchored);
  return matches && { isNegated, isForDirectories, matches };
}
