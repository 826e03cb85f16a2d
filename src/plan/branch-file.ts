import type { Suggestion } from '../portage/output/pretend-output.ts';
import { BranchTree } from '../site/branch-tree.ts';
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
 * link out of the branch counts as a file.
 */
export function findBranchFile(name: string, entries: readonly BranchEntry[]): BranchFile {
  const isThere = (kind: string) => entries.some(({ path }) => path === kind || path.startsWith(`${kind}/`));
  const kind =
    name === 'package.accept_keywords' && !isThere(name) && isThere('package.keywords') ? 'package.keywords' : name;
  const tree = new BranchTree(entries);
  const target = tree.resolve(kind);
  // A link that leads out of the branch may be a file or a directory there.
  if (target.kind !== 'directory') return { path: kind, exists: isThere(kind) };
  const last = tree.list(kind).findLast(({ resolved }) => resolved.kind !== 'missing');
  return last === undefined ? { path: `${kind}/zz-zentoo`, exists: false } : { path: last.path, exists: true };
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
