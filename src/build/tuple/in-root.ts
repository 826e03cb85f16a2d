import type { Branch, Tuple } from '../../site/site.ts';
import type { Base } from '../base-image.ts';
import type { BuildContainer, Trees } from '../build-container.ts';
import { createBuildLog, logDirectoryName, logMountTarget } from '../build-log.ts';
import { startHeldContainer } from '../held-container.ts';
import { inWorkspace } from '../in-workspace.ts';
import { defaultTarget, mountAt } from '../mounts.ts';
import { removeWorkspace } from '../workspace.ts';
import type { SiteRun } from './site-run.ts';
import { ccacheMounts } from './use-ccache.ts';

/** A container in which a root is made or used. */
export interface RootRequest {
  readonly base: Base;
  readonly portage: Tuple['portage'];
  /** What it is for: a word that its logs are found by. */
  readonly subject: string;
  /** The name of its log. */
  readonly step: string;
  readonly store: 'writable' | 'read-only' | 'absent';
  /** Whether packages are built or merged in it: on a tmpfs, where the run has one. */
  readonly merges?: true;
  /** Whether the trees may be written to, as by a sync. */
  readonly trees?: 'writable';
}

/** Runs `work` in a new container with the site's trees and volumes, and removes that, whatever comes of it. */
export async function inRoot<T>(
  run: SiteRun,
  request: RootRequest,
  work: (container: BuildContainer) => Promise<T>,
): Promise<T> {
  return inWorkspace(run, run, async (workspace, own) => {
    const directory = logDirectoryName(workspace.run, run.started, request.subject);
    const container = own(
      await startHeldContainer(run, workspace, {
        base: request.base,
        mounts: mountsOf(run, request),
        trees: treesOf(request.portage),
        limits: { memory: run.site.limits.memory, cpus: run.site.limits.cpus },
        tmpfs: request.merges === true ? run.tmpfs : undefined,
        log: createBuildLog(run.mounts.logs, directory, `${request.step}.log`),
      }),
    );
    const result = await work(container);
    await removeWorkspace(run, workspace.volume);
    return result;
  });
}

function mountsOf({ mounts, site }: SiteRun, { portage, store, trees }: RootRequest) {
  return [
    ...portage.repositories.flatMap(({ name, location }) => {
      const choice = mounts.trees.get(name);
      return choice === undefined ? [] : [{ ...mountAt(choice, location), readOnly: trees !== 'writable' }];
    }),
    ...(store === 'absent'
      ? []
      : [{ ...mountAt(mounts.binpkgs, defaultTarget('binpkgs')), readOnly: store === 'read-only' }]),
    ...(store === 'writable' ? ccacheMounts(site) : []),
    mountAt(mounts.distfiles, defaultTarget('distfiles')),
    mountAt(mounts.logs, logMountTarget),
  ];
}

/** Where a branch's repositories are; the reader has seen to it that there is one. */
function treesOf({ repositories }: { readonly repositories: Tuple['portage']['repositories'] } & Branch): Trees {
  const [first, ...others] = repositories.map(({ location }) => location);
  if (first === undefined) throw new Error('a portage branch without a repository');
  return [first, ...others];
}
