import type { Site } from '../../site/site.ts';
import { defaultVolumes, type MountChoice, type Role } from '../../container/mounts.ts';
import type { SiteMounts } from './site-run.ts';

/**
 * The volumes and host paths that outlive a site's containers. By default they are volumes whose names begin with
 * `volumePrefix`, except for distfiles and logs, which all sites and gentoo-builder share.
 */
export function siteMounts({ volumes, repositories }: Site, volumePrefix: string): SiteMounts {
  const treeOf = (repository: string) => volumes.trees.find((tree) => tree.repository === repository)?.source;
  return {
    binpkgs: choose('binpkgs', volumes.binpkgs, `${volumePrefix}-binpkgs`),
    distfiles: choose('distfiles', volumes.distfiles, defaultVolumes.distfiles),
    logs: choose('logs', undefined, defaultVolumes.logs),
    metadata: choose('metadata', undefined, `${volumePrefix}-metadata`),
    trees: new Map(
      repositories.map((repository) => [
        repository.name,
        choose('tree', treeOf(repository.name), `${volumePrefix}-repository-${repository.name}`),
      ]),
    ),
  };
}

function choose(role: Role, named: string | undefined, otherwise: string): MountChoice {
  const source = named ?? otherwise;
  const type = source.startsWith('/') ? 'bind' : 'volume';
  return { role, type, source, origin: named === undefined ? 'default' : 'given', readOnly: false };
}
