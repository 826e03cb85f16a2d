import { findAvailableMemory } from '../../emerge/available-memory.ts';
import { decideTmpfs, describeTmpfs } from '../../emerge/decide-tmpfs.ts';
import { reportTmpfs } from '../../emerge/report-tmpfs.ts';
import type { SiteRun } from './site-run.ts';

/**
 * Adds to a run the size of the tmpfs on which each container builds packages while `jobs` containers build at once. There is
 * no tmpfs if memory is short, or if site.yaml switches it off; the reason is reported once. `memory` is the limit of a container in bytes,
 * if site.yaml has none.
 */
export async function chooseTmpfs(run: SiteRun, jobs: number, memory?: number): Promise<SiteRun> {
  const { tmpfs, limits } = run.site;
  const available = await findAvailableMemory(run.engine);
  const amounts = { available, jobs, limit: limits.memory ?? memory, keepFailed: run.keepFailed };
  const decision = decideTmpfs(tmpfs, amounts, (setting) => `tmpfs: ${setting} in site.yaml`);
  await reportTmpfs(run, decision);
  return { ...run, tmpfs: describeTmpfs(decision.size, limits.bigPackages) };
}
