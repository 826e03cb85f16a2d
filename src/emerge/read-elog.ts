import { shellProgram } from '../container-program.ts';
import { type FailureCode, Failures, failuresOf } from '../failure.ts';
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

/** The failures after which the container cannot be asked. */
const outOfReach: ReadonlySet<FailureCode> = new Set<FailureCode>([
  ...(['engine-unreachable', 'engine-denied', 'engine-lost', 'container-lost'] as const),
]);

/**
 * Reads the messages (elog) of the packages on which Portage worked before the work in a container failed. Returns none if the container
 * cannot be asked.
 */
export async function readElogOfFailure(session: ContainerSession, error: unknown): Promise<readonly ElogEntry[]> {
  const failures = failuresOf(error);
  if (session.signal.aborted || failures.some(({ code }) => outOfReach.has(code))) return [];
  return readElog(session).catch(() => []);
}

/** Returns the error with these messages in its first failure. A defect stays as it is. */
export function addElog(error: unknown, elog: readonly ElogEntry[]): unknown {
  const [first, ...others] = failuresOf(error);
  if (first === undefined || elog.length === 0) return error;
  const told = first.with({ elog });
  return others.length === 0 ? told : new Failures([told, ...others]);
}
