import type { BuildContext } from './context.ts';
import type { TmpfsDecision } from './decide-tmpfs.ts';

/** Says why packages are not built in memory, or what may be wrong with the memory that was asked for. */
export async function reportTmpfs(
  { report }: Pick<BuildContext, 'report'>,
  { note, warning }: TmpfsDecision,
): Promise<void> {
  if (note !== undefined) await report({ type: 'note', message: note });
  if (warning !== undefined) await report({ type: 'warning', message: warning });
}
