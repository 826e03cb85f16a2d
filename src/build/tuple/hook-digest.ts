import { createHash } from 'node:crypto';
import { hookNames, type HookName } from '../../site/hooks.ts';
import type { Branch } from '../../site/site.ts';

/** The hooks that run before anything is compiled, and so may change what is. */
const early: readonly HookName[] = ['buildmaster', 'compile'];

/**
 * What the early hooks of a branch do, for the partition of what is compiled after them: of themselves and of all files
 * that they may use, which is all of the branch but the other hooks. Empty where the branch has none of them.
 */
export function earlyHooks({ entries }: Branch): ReadonlyMap<string, string> {
  if (!early.some((hook) => entries.some(({ path }) => path === hook))) return new Map();
  const late = hookNames.filter((name) => !early.includes(name));
  const used = entries.filter(({ path }) => !late.some((name) => name === path));
  const lines = used.map(({ path, type, id }) => `${type} ${id} ${path}\n`);
  return new Map([['hooks', createHash('sha256').update(lines.join('')).digest('hex')]]);
}
