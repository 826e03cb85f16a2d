import { firstMatch } from './emerge-report.ts';

/** What a line of emerge's has in double quotes: the atom that it is about. */
export function quotedAtom(line: string): string {
  return firstMatch([line], /"(.+)"/) ?? '';
}

/** A message of emerge's without its name before it and its full stop after it. */
export function sentenceOf(line: string): string {
  return line.replace(/^emerge: /, '').replace(/\.$/, '');
}

/** The lines that say whose dependency it is that cannot be satisfied, from the nearest to what was asked for. */
export function requirers(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith('(dependency required by '));
}

/** The package (`category/name-version`) whose dependency it is; undefined if it was asked for itself. */
export function requiringPackage(lines: readonly string[]): string | undefined {
  return firstMatch(requirers(lines), /required by "([^":[]+)[^"]*" \[(?!argument)/);
}
