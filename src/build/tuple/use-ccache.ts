import type { MountSpec } from '../../engine/engine.ts';
import type { Site, Tuple } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { bringTool } from './bring-tool.ts';
import type { CompilerAids } from './compiler-aids.ts';

const directory = '/var/cache/ccache';

/** The volume that a site's builds keep in what compilers made. */
export function ccacheVolume({ name }: Pick<Site, 'name'>): string {
  return `zentoo-${name}-ccache`;
}

/** For the containers that compile. */
export function ccacheMounts(site: Pick<Site, 'name' | 'ccache'>): readonly MountSpec[] {
  return site.ccache ? [{ type: 'volume', source: ccacheVolume(site), target: directory }] : [];
}

/** Lets a container of a buildmaster, with that volume in it, take what was compiled before. */
export async function useCcache(context: BuildContext, container: BuildContainer, tuple: Tuple): Promise<CompilerAids> {
  await bringTool(context, container, { tuple, tool: 'ccache', step: 'compile' });
  // By default a compiler counts as the same if its time and size are; buildmasters differ in more than that.
  return { features: ['ccache'], environment: { CCACHE_DIR: directory, CCACHE_COMPILERCHECK: 'content' } };
}
