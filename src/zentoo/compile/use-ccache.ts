import type { ContainerSession } from '../../container/container-session.ts';
import { installTool } from '../root/install-tool.ts';
import type { CompilerWrappers } from '../root/compiler-wrappers.ts';
import { ccacheDirectory } from '../run/ccache-volume.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** Installs ccache in a container of a buildmaster that has the cache volume mounted, and returns its settings for emerge. */
export async function useCcache(session: ContainerSession, work: TupleWork): Promise<CompilerWrappers> {
  await installTool(session, { work, tool: 'ccache', step: 'compile' });
  // By default ccache compares the compiler's time and size only, which may be equal in different buildmasters.
  return { features: ['ccache'], environment: { CCACHE_DIR: ccacheDirectory, CCACHE_COMPILERCHECK: 'content' } };
}
