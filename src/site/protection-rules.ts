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
  if (/\{[^{},]*\.\./.test(glob))
    return `'${glob}' has a range in braces: name the files in a list, {a,b}, or use * or [0-9]`;
  if (alternatives(glob) > mostAlternatives)
    return `'${glob}' has more than ${mostAlternatives} alternatives in braces: write several lines, or use *`;
  if ((taken === 'new' || taken === 'old') && others.length === 0) return { glob, taken };
  return `it is not GLOB new or GLOB old, as in: /etc/ssh/* old`;
}

/** A glob is compared with each file once for each alternative. */
const mostAlternatives = 1000;

/** The number of globs without braces that a glob stands for, or more: nested braces count as if they stood side by side. */
function alternatives(glob: string): number {
  const counts = glob
    .split('{')
    .slice(1)
    .map((part) => part.split(',').length);
  return counts.reduce((product, count) => product * count, 1);
}
