import type { Suggestion } from '../portage/pretend-output.ts';
import type { BranchEntry } from '../site/site.ts';

/** A file of a branch, and whether it is there yet. */
export interface BranchFile {
  readonly path: string;
  readonly exists: boolean;
}

/** Lines that belong into one file. */
interface FileChange {
  readonly file: BranchFile;
  readonly suggestions: readonly Suggestion[];
}

/**
 * Where in an /etc/portage a line of such a file goes (`package.use`): into the file itself or, where it is a
 * directory, into the one that Portage reads last, so that nothing else overrides it (`find_config_file` in
 * `_emerge/depgraph.py`). `package.keywords` is meant where only that is there. A link is as good as a file.
 */
export function findBranchFile(name: string, entries: readonly BranchEntry[]): BranchFile {
  const isThere = (kind: string) => entries.some(({ path }) => path === kind || path.startsWith(`${kind}/`));
  const kind =
    name === 'package.accept_keywords' && !isThere(name) && isThere('package.keywords') ? 'package.keywords' : name;
  if (!isThere(kind) || entries.some(({ path }) => path === kind)) return { path: kind, exists: isThere(kind) };
  const inside = entries.map(({ path }) => path).filter((path) => path.startsWith(`${kind}/`) && isRead(path));
  const last = inside.toSorted(inPortagesOrder).at(-1);
  return last === undefined ? { path: `${kind}/zz-zentoo`, exists: false } : { path: last, exists: true };
}

/**
 * What to write into which file of a branch, as the text of a failure's hint; undefined if there is nothing to write.
 * `branch` is its name, `repository` where it lies in the site (`config/portage`).
 */
export function describeSuggestions(
  suggestions: readonly Suggestion[],
  {
    repository,
    name,
    entries,
  }: { readonly repository: string; readonly name: string; readonly entries: readonly BranchEntry[] },
): string | undefined {
  const changes = groupByFile(suggestions, entries);
  if (changes.length === 0) return undefined;
  return [
    `if that is what you want, write into the branch ${name} of ${repository}, and commit:`,
    ...changes.flatMap(({ file, suggestions: lines }) => [
      `  ${file.path}${file.exists ? '' : ' (new)'}`,
      ...lines.flatMap(({ line, requiredBy }) => [
        `    ${line}`,
        ...(requiredBy[0] === undefined ? [] : [`      # for ${requiredBy[0].replace(/ \(argument\)$/, '')}`]),
      ]),
    ]),
  ].join('\n');
}

/** Every line once, the files in the order in which they are first named. */
function groupByFile(suggestions: readonly Suggestion[], entries: readonly BranchEntry[]): readonly FileChange[] {
  const changes = new Map<string, { file: BranchFile; suggestions: Suggestion[] }>();
  for (const suggestion of suggestions) {
    const file = findBranchFile(suggestion.file, entries);
    const change = changes.get(file.path) ?? { file, suggestions: [] };
    if (!change.suggestions.some(({ line }) => line === suggestion.line)) change.suggestions.push(suggestion);
    changes.set(file.path, change);
  }
  return [...changes.values()];
}

/** Portage passes over hidden files and backups, and the directories of version control (`grablines`, `_recursive_basename_filter`). */
function isRead(path: string): boolean {
  return path.split('/').every((part) => !part.startsWith('.') && !part.endsWith('~') && part !== 'CVS');
}

/** Names are compared within each directory, not the whole paths: `a/z` comes before `a-b`. */
function inPortagesOrder(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (part !== other) return part < other ? -1 : 1;
  }
  return left.length - right.length;
}
