import { BranchTree } from './branch-tree.ts';
import { startOf, type Diagnostics } from './diagnostics.ts';
import type { BranchEntry } from './site.ts';

/** The file of a portage branch that chooses between new and old configuration files; a line is `GLOB new` or `GLOB old`. */
export const protectionFile = 'zentoo/protected-files';

/** Whether the new or the old version of a configuration file is used, if Portage did not replace it. */
export interface ProtectionRule {
  /** A pattern for absolute paths in the root. */
  readonly glob: string;
  readonly taken: 'new' | 'old';
}

/** Returns the rules of a branch; the last rule that matches counts. The list is empty if the branch has no file of rules. */
export function protectionRules(entries: readonly BranchEntry[]): readonly ProtectionRule[] {
  return linesOf(new BranchTree(entries)).flatMap(({ rule }) => (typeof rule === 'object' ? [rule] : []));
}

/** Reports lines that are not rules and would be ignored. */
export function checkProtectionRules(
  tree: BranchTree,
  fileOf: (path: string) => string,
  diagnostics: Diagnostics,
): void {
  const file = fileOf(protectionFile);
  const { kind } = tree.resolve(protectionFile);
  if (kind === 'directory') diagnostics.add(startOf(file), 'it is a directory: it must be a file of rules');
  else if (kind === 'outside') diagnostics.add(startOf(file), 'it is a symbolic link to a path outside this branch');
  for (const { line, rule } of linesOf(tree))
    if (typeof rule === 'string') diagnostics.add({ file, line, column: 1 }, rule);
}

interface Line {
  readonly line: number;
  /** The rule, or the fault of the line. */
  readonly rule: ProtectionRule | string;
}

function linesOf(tree: BranchTree): readonly Line[] {
  const resolved = tree.resolve(protectionFile);
  const text = resolved.kind === 'file' ? resolved.entry.read().toString('utf8') : '';
  return text.split('\n').flatMap((line, index) => {
    const [glob = '', ...words] = line.replace(/#.*/, '').trim().split(/\s+/);
    return glob === '' ? [] : [{ line: index + 1, rule: parseRule(glob, words) }];
  });
}

function parseRule(glob: string, [taken, ...others]: readonly string[]): ProtectionRule | string {
  if (!glob.startsWith('/')) return `'${glob}' is no absolute path in the root, as in: /etc/ssh/* old`;
  if ((taken === 'new' || taken === 'old') && others.length === 0) return { glob, taken };
  return `it is not GLOB new or GLOB old, as in: /etc/ssh/* old`;
}
