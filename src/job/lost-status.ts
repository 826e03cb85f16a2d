import type { ContainerSession } from '../container/container-session.ts';
import { Failure } from '../failure.ts';
import { findFullFileSystems } from '../portage/explain/measured-cause.ts';
import { describeFullPlace } from '../plain-remedy.ts';
import type { Job } from './job.ts';
import { measureSpace } from './measure-space.ts';

const fewerProcesses = 'run fewer processes at once: set MAKEOPTS="-j1" in make.conf';

/**
 * Explains that a job ended and its exit status was not written: its process was killed, or its work volume is full. A lack of memory
 * and a full disk are told as causes only if they were measured.
 */
export async function lostStatus(
  session: ContainerSession,
  { name, step }: Job,
  { memoryKills = 0, lines }: { readonly memoryKills: number | undefined; readonly lines: readonly string[] },
): Promise<Failure> {
  const logTail = lines.slice(-20);
  const what = `failed to run ${name}: its exit status is lost`;
  if (memoryKills > 0) {
    const message = `${what}, and the kernel killed a process because memory was short`;
    return new Failure('out-of-memory', message, { logTail, hint: fewerProcesses });
  }
  const full = findFullFileSystems(await measureSpace(session));
  if (full !== undefined) {
    const hint = `free space ${describeFullPlace(full.directory, 'docker system df')}`;
    return new Failure('disk-full', `${what}, and no space is left at ${full.words}`, { logTail, hint });
  }
  const message = `${what}; perhaps its process was killed in the build container`;
  return new Failure(step === 'sync' ? 'sync-failed' : 'emerge-failed', message, {
    ...{ logTail, hint: `if memory is short, ${fewerProcesses}` },
  });
}
