import type { Branch, Tuple } from '../../site/site.ts';
import type { Base } from '../../container/base-image.ts';
import type { ContainerSession, Trees } from '../../container/container-session.ts';
import { createBuildLog, describeBuildLog, logDirectoryName, logMountTarget } from '../../container/build-log.ts';
import { openSession } from '../../container/open-session.ts';
import { inWorkspace } from '../../container/in-workspace.ts';
import { defaultTarget, mountAt } from '../../container/mounts.ts';
import { removeWorkspace } from '../../container/workspace.ts';
import type { SiteRun } from '../run/site-run.ts';
import { ccacheMounts } from '../run/ccache-volume.ts';

/** A container in which a root is made or used. */
export interface RootRequest {
  readonly base: Base;
  readonly portage: Tuple['portage'];
  /** A word in the name of the directory of its logs. */
  readonly subject: string;
  /** The name of the log, without `.log`. */
  readonly step: string;
  readonly store: 'writable' | 'read-only' | 'absent';
  /** Whether packages are built or merged in the container, so that it gets the run's tmpfs. */
  readonly merges?: true;
  /** Whether the trees are mounted writable, for a sync. */
  readonly trees?: 'writable';
  /** Whether the metadata cache is mounted writable. */
  readonly metadata?: 'writable';
}

/** Runs `work` in a new container with the site's trees and volumes, and removes the container in any case. */
export async function withRootContainer<T>(
  run: SiteRun,
  request: RootRequest,
  work: (session: ContainerSession) => Promise<T>,
): Promise<T> {
  return inWorkspace(run, run, async (workspace, own) => {
    const directory = logDirectoryName(workspace.run, run.started, request.subject);
    const session = own(
      await openSession(run, workspace, {
        base: request.base,
        mounts: mountsOf(run, request),
        trees: treesOf(request.portage),
        subject: `zentoo, site ${run.site.name}: ${request.step} ${request.subject}`,
        limits: { memory: run.site.limits.memory, cpus: run.site.limits.cpus },
        tmpfs: request.merges === true ? run.tmpfs : undefined,
        log: createBuildLog(run.mounts.logs, directory, `${request.step}.log`),
      }),
    );
    await run.report({ type: 'log', location: describeBuildLog(session.log) });
    const result = await work(session);
    await removeWorkspace(run, workspace.volume);
    return result;
  });
}

function mountsOf(run: SiteRun, { portage, store, trees, metadata }: RootRequest) {
  const { mounts } = run;
  return [
    ...portage.repositories.flatMap(({ name, location }) => {
      const choice = mounts.trees.get(name);
      return choice === undefined ? [] : [{ ...mountAt(choice, location), readOnly: trees !== 'writable' }];
    }),
    ...(store === 'absent'
      ? []
      : [{ ...mountAt(mounts.binpkgs, defaultTarget('binpkgs')), readOnly: store === 'read-only' }]),
    ...(store === 'writable' ? ccacheMounts(run) : []),
    mountAt(mounts.distfiles, defaultTarget('distfiles')),
    // If it is read-only, Portage keeps the metadata of other ebuilds in memory: no fault of the cache ends an emerge.
    { ...mountAt(mounts.metadata, defaultTarget('metadata')), readOnly: metadata !== 'writable' },
    mountAt(mounts.logs, logMountTarget),
  ];
}

/** The locations of a branch's repositories; the reader of the site guarantees at least one. */
function treesOf({ repositories }: { readonly repositories: Tuple['portage']['repositories'] } & Branch): Trees {
  const [first, ...others] = repositories.map(({ location }) => location);
  if (first === undefined) throw new Error('the portage branch has no ebuild repository');
  return [first, ...others];
}
