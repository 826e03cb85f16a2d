import type { ExplainedFailure } from '../job-failure.ts';

const refusal = /^!!! no sync \((foreign|locked)\): (.+)$/;

/**
 * Explains a sync that `sync-tree.sh` refused, from the lines of its output; undefined if it did not refuse. `place` describes the
 * tree. `chooseAnother` is the hint for a tree that is not a repository.
 */
export function refusedSync(
  lines: readonly string[],
  place: string,
  chooseAnother: string,
): ExplainedFailure | undefined {
  const [, kind, reason] = lines.map((line) => refusal.exec(line)).find((match) => match !== null) ?? [];
  if (reason === undefined) return undefined;
  const message = `failed to sync ${place}: ${reason}`;
  if (kind === 'foreign') return { code: 'tree-unusable', message, hint: chooseAnother };
  const hint = 'wait until no program uses the directory, for example git on the host, and repeat the command';
  return { code: 'tree-unusable', message, hint: `${hint}; if no program uses it, remove the file` };
}
