import type { MountSpec } from '../../engine/containers.ts';
import type { SiteRun } from './site-run.ts';

/** The mount point of ccache's volume in a container that compiles. */
export const ccacheDirectory = '/var/cache/ccache';

/** The volume in which a site's builds keep the output of compilers. */
export function ccacheVolume({ volumePrefix }: Pick<SiteRun, 'volumePrefix'>): string {
  return `${volumePrefix}-ccache`;
}

/** The mounts that ccache needs in a container that compiles; none if the site does not use it. */
export function ccacheMounts(run: Pick<SiteRun, 'volumePrefix' | 'site'>): readonly MountSpec[] {
  return run.site.ccache ? [{ type: 'volume', source: ccacheVolume(run), target: ccacheDirectory }] : [];
}
