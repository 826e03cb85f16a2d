import type { Suggestion } from '../portage/output/pretend-output.ts';
import type { BranchEntry } from '../site/site.ts';

/** A file of a branch, and whether it exists. */
export interface BranchFile {
  readonly path: string;
  readonly exists: boolean;
}

/** Lines to add to one file. */
interface FileChange {
  readonly file: BranchFile;
  readonly suggestions: readonly Suggestion[];
}

/**
 * Finds the file of an /etc/portage to which a line for `name`, such as `package.use`, belongs. If `name` is a directory, the
 * line belongs to the file that Portage reads last, so that no other line overrides it (`find_config_file` in
 * `_emerge/depgraph.py`). If only the older `package.keywords` exists, it takes the lines of `package.accept_keywords`. A
 * symbolic link counts as a file.
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
 * Tells which lines to write into which files of a branch of `config/portage`, as the text of a failure's hint; undefined
 * if there is nothing to write.
 */
export function describeSuggestions(
  suggestions: readonly Suggestion[],
  { name, entries }: { readonly name: string; readonly entries: readonly BranchEntry[] },
): string | undefined {
  const changes = groupByFile(suggestions, entries);
  if (changes.length === 0) return undefined;
  return [
    `if you want this, write into the branch ${name} of config/portage, and commit:`,
    ...changes.flatMap(({ file, suggestions: lines }) => [
      `  ${file.path}${file.exists ? '' : ' (new)'}`,
      ...lines.flatMap(({ line, requiredBy }) => [
        `    ${line}`,
        ...(requiredBy[0] === undefined ? [] : [`      # for ${requiredBy[0].replace(/ \(argument\)$/, '')}`]),
      ]),
    ]),
  ].join('\n');
}

/** Groups the lines by file, each line once, in the order in which the files are named first. */
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

/** Portage skips hidden files, backups, and directories of version control (`grablines`, `_recursive_basename_filter`). */
function isRead(path: string): boolean {
  return path.split('/').every((part) => !part.startsWith('.') && !part.endsWith('~') && part !== 'CVS');
}

/** Portage compares names within each directory, not whole paths: `a/z` comes before `a-b`. */
function inPortagesOrder(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (part !== other) return part < other ? -1 : 1;
  }
  return left.length - right.length;
}
