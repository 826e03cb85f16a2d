import { BranchTree } from '../branch-tree.ts';
import { startOf, type Diagnostics } from '../diagnostics.ts';
import { nearestName } from '../../nearest-name.ts';
import { reportFaults } from './report-faults.ts';
import type { SiteRepository } from './site-repository.ts';
import type { BranchEntry } from '../site.ts';

/** The hooks that a branch of config/buildhooks may have, in the order in which a build runs them. */
export const hookNames = ['buildmaster', 'compile', 'assemble', 'finish'] as const;

/** The name of a hook. */
export type HookName = (typeof hookNames)[number];

/** Reports hooks that would not run, in the branches that tuples use: files that are not executable, and misspelt names. */
export function checkHooks(repository: SiteRepository, diagnostics: Diagnostics): void {
  for (const { name, entries } of repository.usedBranches) {
    const missing = hookNames.filter(
      (hook) => !entries.some(({ path }) => path === hook || path.startsWith(`${hook}/`)),
    );
    const tree = new BranchTree(entries, nowhere);
    for (const entry of entries) {
      const place = startOf(repository.fileOf(name, entry.path));
      const fault = reportFaults(diagnostics, place, () => hookFault(entry, missing, tree));
      if (fault !== undefined) diagnostics.add(place, fault);
    }
    for (const hook of hookNames)
      if (entries.some(({ path }) => path.startsWith(`${hook}/`)))
        diagnostics.add(startOf(repository.fileOf(name, hook)), 'it is a directory: a hook is an executable file');
  }
}

/** A directory that no path names: the hooks' directory is unknown, so that absolute links never lead to a hook. */
const nowhere = ['\0'];

function hookFault(entry: BranchEntry, missing: readonly string[], tree: BranchTree): string | undefined {
  const { path, type } = entry;
  if (!hookNames.some((hook) => hook === path)) {
    if (type !== 'executable' || path.includes('/')) return undefined;
    const near = nearestName(path, missing);
    return near === undefined ? undefined : `there is no hook '${path}'; did you mean '${near}'?`;
  }
  if (type === 'file') return `it is not executable, and a hook is: git update-index --chmod=+x ${path}`;
  const resolved = tree.resolve(path);
  if (resolved.kind !== 'file' || resolved.entry.type !== 'executable')
    return 'it is a symbolic link that does not lead to an executable file of this branch';
  return programFault(resolved.entry.read());
}

/** Tells why the kernel would not run a program; undefined if it would (execve(2)). */
function programFault(content: Buffer): string | undefined {
  if (content.subarray(0, 4).toString('latin1') === '\x7fELF') return undefined;
  const [first = ''] = content.subarray(0, 4096).toString('latin1').split('\n', 1);
  if (!/^#![ \t]*\//.test(first)) return 'it must begin with #! and the path of its interpreter, as in #!/bin/sh';
  if (!first.endsWith('\r')) return undefined;
  return 'its first line ends with CR LF: the kernel would look for an interpreter whose name ends with CR';
}
