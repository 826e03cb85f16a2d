import type { ContainerSession } from '../../container/container-session.ts';
import { checkChost, checkCpu } from './check-cpu.ts';
import { prepareRoot, type PreparedRoot } from './prepare-root.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/**
 * Configures a container of a tuple's stage like the tuple's buildmaster: the branch's /etc/portage, the CPU's settings, and
 * the partition of the store as PKGDIR. Refuses a CHOST that the stage does not compile for, and a CPU whose code the machine
 * cannot run.
 */
export async function configureStage(session: ContainerSession, work: TupleWork): Promise<PreparedRoot> {
  await checkChost(session, work.tuple);
  const prepared = await prepareRoot(session, work);
  await checkCpu(session, work.tuple);
  return prepared;
}
