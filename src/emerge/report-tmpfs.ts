import type { BuildContext } from '../container/context.ts';
import type { TmpfsDecision } from './decide-tmpfs.ts';

/** Reports why packages are not built in memory, or warns that the requested tmpfs is too large. */
export async function reportTmpfs(
  { report }: Pick<BuildContext, 'report'>,
  { note, warning }: TmpfsDecision,
): Promise<void> {
  if (note !== undefined) await report({ type: 'note', message: note });
  if (warning !== undefined) await report({ type: 'warning', message: warning });
}
