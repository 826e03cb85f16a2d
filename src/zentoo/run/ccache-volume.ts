import type { MountSpec } from '../../engine/containers.ts';
import type { Site } from '../../site/site.ts';

/** The mount point of ccache's volume in a container that compiles. */
export const ccacheDirectory = '/var/cache/ccache';

/** The volume in which a site's builds keep the output of compilers. */
export function ccacheVolume({ name }: Pick<Site, 'name'>): string {
  return `zentoo-${name}-ccache`;
}

/** The mounts that ccache needs in a container that compiles; none if the site does not use it. */
export function ccacheMounts(site: Pick<Site, 'name' | 'ccache'>): readonly MountSpec[] {
  return site.ccache ? [{ type: 'volume', source: ccacheVolume(site), target: ccacheDirectory }] : [];
}
