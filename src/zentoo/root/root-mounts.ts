import type { MountSpec } from '../../engine/containers.ts';
import type { Branch, Tuple } from '../../site/site.ts';
import { storeBesideStaging } from '../../store/store-directory.ts';
import type { Base } from '../../container/base-image.ts';
import { logMountTarget } from '../../container/build-log.ts';
import type { Trees } from '../../container/container-session.ts';
import { defaultTarget, mountAt } from '../../container/mounts.ts';
import type { SiteRun, Supplies } from '../run/site-run.ts';
import { ccacheMounts } from '../run/ccache-volume.ts';

/** A container that writes to the store, and in which no ebuild runs. */
export interface WriterRequest {
  readonly base: Base;
  readonly portage: Tuple['portage'];
  /** A word in the name of the directory of its logs. */
  readonly subject: string;
  /** The name of the log, without `.log`. */
  readonly step: string;
}

/** A container in which a root is made or used. */
export interface RootRequest extends WriterRequest {
  /**
   * `staged`: the store is read-only, and new packages go to a staging place of this container. No container in which an ebuild runs
   * mounts the store writable: the packages of one build could change those of others.
   */
  readonly store: 'staged' | 'read-only' | 'absent';
  /** What there is of the store on the engine of a `staged` store; all of it if undefined. */
  readonly supplies?: Supplies | undefined;
  /** Whether packages are built or merged in the container, so that it gets the run's tmpfs. */
  readonly merges?: true;
  /** Whether the trees are mounted writable, for a sync. */
  readonly trees?: 'writable';
  /** Whether the metadata cache is mounted writable. */
  readonly metadata?: 'writable';
}

type MountRequest = Pick<RootRequest, 'portage' | 'trees' | 'metadata'> & {
  readonly store: RootRequest['store'] | 'writable';
};

/** The mounts of a container besides the work volume. Only a sync has the trees writable. */
export function rootMounts(run: SiteRun, { portage, store, trees, metadata }: MountRequest): readonly MountSpec[] {
  const { mounts } = run;
  const ofTrees = portage.repositories.flatMap(({ name, location }) => {
    const choice = mounts.trees.get(name);
    return choice === undefined ? [] : [{ ...mountAt(choice, location), readOnly: trees !== 'writable' }];
  });
  const place = store === 'staged' ? storeBesideStaging : defaultTarget('binpkgs');
  return [
    ...ofTrees,
    ...(store === 'absent' ? [] : [{ ...mountAt(mounts.binpkgs, place), readOnly: store !== 'writable' }]),
    ...(store === 'staged' ? ccacheMounts(run) : []),
    // Hooks may fetch sources in any other container.
    { ...mountAt(mounts.distfiles, defaultTarget('distfiles')), readOnly: store === 'writable' },
    // If it is read-only, Portage keeps the metadata of other ebuilds in memory: no fault of the cache ends an emerge.
    { ...mountAt(mounts.metadata, defaultTarget('metadata')), readOnly: metadata !== 'writable' },
    mountAt(mounts.logs, logMountTarget),
  ];
}

/** The locations of a branch's repositories; the reader of the site guarantees at least one. */
export function treesOf({ repositories }: { readonly repositories: Tuple['portage']['repositories'] } & Branch): Trees {
  const [first, ...others] = repositories.map(({ location }) => location);
  if (first === undefined) throw new Error('the portage branch has no ebuild repository');
  return [first, ...others];
}
