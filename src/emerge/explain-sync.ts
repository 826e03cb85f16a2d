import type { ContainerSession } from '../container/container-session.ts';
import type { EmergeFailure } from '../portage/explain/explanation.ts';
import { explainSyncFailure } from '../portage/explain/explain-sync-failure.ts';
import type { FailedCommand } from '../portage/output/emerge-report.ts';
import { measureSpace } from '../job/measure-space.ts';

/** Explains a sync that failed in a container. If a disk is full, measures which one. */
export async function explainSync(session: ContainerSession, result: FailedCommand): Promise<EmergeFailure> {
  const explained = explainSyncFailure(result);
  return explained.code === 'disk-full' ? explainSyncFailure(result, await measureSpace(session)) : explained;
}
