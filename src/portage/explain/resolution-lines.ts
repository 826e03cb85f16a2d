import { firstMatch } from '../output/emerge-report.ts';

/**
 * Returns the text in double quotes of one of emerge's lines: the atom that the line is about. Returns an empty text if the
 * line has no quotes.
 */
export function quotedAtom(line: string): string {
  return firstMatch([line], /"(.+)"/) ?? '';
}

/** A message of emerge without the leading `emerge: ` and without its full stop. */
export function sentenceOf(line: string): string {
  return line.replace(/^emerge: /, '').replace(/\.$/, '');
}

/**
 * The `dependency required by` lines. They name the packages that lead to the unsatisfied atom, from its parent to the
 * requested package.
 */
export function requirers(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith('(dependency required by '));
}

/** The package (`category/name-version`) that has the dependency; undefined if the user asked for the dependency itself. */
export function requiringPackage(lines: readonly string[]): string | undefined {
  return firstMatch(requirers(lines), /required by "([^":[]+)[^"]*" \[(?!argument)/);
}

/** The last line that is neither decoration nor one of the notes that emerge prints at its end. */
export function lastMeaningfulLine(lines: readonly string[]): string | undefined {
  const notes =
    /^!!! (?:News items will not be displayed|Use eselect profile)|^ \* (?:IMPORTANT:|Use eselect news)|^\[exit /;
  const line = lines.findLast((text) => /[A-Za-z0-9]/.test(text) && !notes.test(text));
  return line === undefined ? undefined : firstMatch([line], /^(?:!!!|>>>| \*|emerge:)? *(.{1,300})/);
}
