import { startOf, type Diagnostics } from './diagnostics.ts';
import { nearestName } from './nearest-name.ts';
import type { SiteRepository } from './site-repository.ts';
import type { BranchEntry } from './site.ts';

/** The points of a build that a branch of config/buildhooks may have an executable for, in their order. */
export const hookNames = ['buildmaster', 'compile', 'assemble', 'finish'] as const;

export type HookName = (typeof hookNames)[number];

/** Reports hooks in the branches that tuples use and that would not be run: files that are not executable, and names that are misspelt. */
export function checkHooks(repository: SiteRepository, diagnostics: Diagnostics): void {
  for (const { name, entries } of repository.usedBranches) {
    const missing = hookNames.filter(
      (hook) => !entries.some(({ path }) => path === hook || path.startsWith(`${hook}/`)),
    );
    for (const entry of entries) {
      const fault = hookFault(entry, missing);
      if (fault !== undefined) diagnostics.add(startOf(repository.fileOf(name, entry.path)), fault);
    }
    for (const hook of hookNames)
      if (entries.some(({ path }) => path.startsWith(`${hook}/`)))
        diagnostics.add(startOf(repository.fileOf(name, hook)), 'it is a directory: a hook is an executable file');
  }
}

function hookFault({ path, type }: BranchEntry, missing: readonly string[]): string | undefined {
  if (hookNames.some((hook) => hook === path))
    return type === 'file' ? `it is not executable, and a hook is: git update-index --chmod=+x ${path}` : undefined;
  if (type !== 'executable' || path.includes('/')) return undefined;
  const near = nearestName(path, missing);
  return near === undefined ? undefined : `there is no hook '${path}'; did you mean '${near}'?`;
}
