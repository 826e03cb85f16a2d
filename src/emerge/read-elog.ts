import { shellProgram } from '../container-program.ts';
import { elogDirectory, parseElogFile, type ElogEntry } from '../portage/output/elog.ts';
import type { ContainerSession } from '../container/container-session.ts';

/** Reads the messages (elog) of the packages that were merged in a container. */
export async function readElog(session: ContainerSession): Promise<readonly ElogEntry[]> {
  const program = new URL('./read-elog.sh', import.meta.url);
  const command = shellProgram(program, 'zentoo-elog', `${session.log.directory}/${elogDirectory}`);
  const parts = (await session.run({ command })).stdout.split('\0');
  const entries: ElogEntry[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const entry = parseElogFile(parts[index] ?? '', parts[index + 1] ?? '');
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}
