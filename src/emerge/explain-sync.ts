import type { ContainerSession } from '../container/container-session.ts';
import type { EmergeFailure } from '../portage/explain/explanation.ts';
import { explainSyncFailure } from '../portage/explain/explain-sync-failure.ts';
import type { FailedCommand } from '../portage/output/emerge-report.ts';
import { measureSpace } from '../job/measure-space.ts';

/** Explains a sync of a tree that failed in a container. If a disk is full, measures which one. */
export async function explainSync(
  session: ContainerSession,
  tree: string | undefined,
  result: FailedCommand,
): Promise<EmergeFailure> {
  const explained = explainSyncFailure(result, { tree });
  return explained.code === 'disk-full'
    ? explainSyncFailure(result, { tree, spaces: await measureSpace(session) })
    : explained;
}
