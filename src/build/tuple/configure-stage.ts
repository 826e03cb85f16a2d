import type { Tuple } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { checkChost, checkCpu } from './check-cpu.ts';
import { prepareRoot, type PreparedRoot } from './prepare-root.ts';

/**
 * Configures a container of a tuple's stage as its buildmaster is: the branch's /etc/portage, the cpu's settings, and the
 * partition of the store that these lead to as PKGDIR. Refuses a CHOST that the stage does
 * not compile for, and a cpu whose code cannot be run.
 */
export async function configureStage(
  context: BuildContext,
  container: BuildContainer,
  tuple: Tuple,
): Promise<PreparedRoot> {
  await checkChost(context, container, tuple);
  const prepared = await prepareRoot(context, container, tuple);
  await checkCpu(context, container, tuple);
  return prepared;
}
