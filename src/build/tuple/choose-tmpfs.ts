import { findAvailableMemory } from '../available-memory.ts';
import { decideTmpfs, describeTmpfs } from '../decide-tmpfs.ts';
import { reportTmpfs } from '../report-tmpfs.ts';
import type { SiteRun } from './site-run.ts';

/**
 * Gives a run the size of the tmpfs on which each of its containers builds packages, when so many of them do at once; none
 * where memory is short or site.yaml does not want one. Why there is none is said, once.
 */
export async function chooseTmpfs(run: SiteRun, jobs: number): Promise<SiteRun> {
  const { tmpfs, limits } = run.site;
  const available = await findAvailableMemory(run.engine);
  const amounts = { available, jobs, limit: limits.memory, keepFailed: run.keepFailed };
  const decision = decideTmpfs(tmpfs, amounts, (setting) => `tmpfs: ${setting} in site.yaml`);
  await reportTmpfs(run, decision);
  return { ...run, tmpfs: describeTmpfs(decision.size, limits.bigPackages) };
}
