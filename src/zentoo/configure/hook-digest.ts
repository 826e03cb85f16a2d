import { createHash } from 'node:crypto';
import { hookNames, type HookName } from '../../site/read/hooks.ts';
import type { Branch } from '../../site/site.ts';

/** The hooks that run before anything is compiled: they may change the packages. */
const early: readonly HookName[] = ['buildmaster', 'compile'];

/**
 * Digests the early hooks of a branch; the digest is an input of the partition's digest. It covers the hooks and all files that
 * they may use: the whole branch except the other hooks. Returns an empty map if the branch has no early hook.
 */
export function earlyHooks({ entries }: Branch): ReadonlyMap<string, string> {
  if (!early.some((hook) => entries.some(({ path }) => path === hook))) return new Map();
  const late = hookNames.filter((name) => !early.includes(name));
  const used = entries.filter(({ path }) => !late.some((name) => name === path));
  const lines = used.map(({ path, type, id }) => `${type} ${id} ${path}\n`);
  return new Map([['hooks', createHash('sha256').update(lines.join('')).digest('hex')]]);
}
