import type { ContainerSession } from '../../container/container-session.ts';
import type { CompilerWrappers } from '../root/compiler-wrappers.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';
import { useCcache } from './use-ccache.ts';
import { useWorkers } from './use-workers.ts';

/**
 * Installs distcc and ccache in a running container of a buildmaster, as far as the site uses them, and returns the settings
 * for the emerge. Call it after the hook `compile`, because the hook may change the compiler. `jobs` is the number of compilers
 * that the container itself may run at once.
 */
export async function installCompilerWrappers(
  run: SiteRun,
  session: ContainerSession,
  work: TupleWork,
  { jobs }: { readonly jobs: number },
): Promise<CompilerWrappers> {
  const workers = await useWorkers(run, session, { work, jobs });
  if (!run.site.ccache) return workers;
  const ccache = await useCcache(session, work);
  return {
    ...workers,
    features: [...workers.features, ...ccache.features],
    environment: { ...workers.environment, ...ccache.environment },
  };
}
