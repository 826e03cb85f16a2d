import type { Tuple } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { CompilerAids } from './compiler-aids.ts';
import type { SiteRun } from './site-run.ts';
import { useCcache } from './use-ccache.ts';
import { useWorkers } from '../distcc/use-workers.ts';

/**
 * Gets a started container of a buildmaster whatever has it compile faster; call it after the hook `compile`, which may
 * change the compiler. The answer is for the emerge; `jobs` is how many compilers the container itself may run at once.
 */
export async function aidCompiler(
  run: SiteRun,
  container: BuildContainer,
  tuple: Tuple,
  { jobs }: { readonly jobs: number },
): Promise<CompilerAids> {
  const workers = await useWorkers(run, container, { tuple, jobs });
  if (!run.site.ccache) return workers;
  const ccache = await useCcache(run, container, tuple);
  return {
    ...workers,
    features: [...workers.features, ...ccache.features],
    environment: { ...workers.environment, ...ccache.environment },
  };
}
