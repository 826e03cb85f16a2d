import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { currentOwner, judgeLife, procWorld } from '../../ownership/owner.ts';
import { probeOf, type Probe } from '../../container/probe.ts';
import type { ContainerId } from '../../engine/identifiers.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import { Failure } from '../../failure.ts';
import type { Schedule } from '../../report/event.ts';
import { awaitLease, describeOwner } from './await-lease.ts';
import { leaseName } from '../../ownership/ownership.ts';
import { createLease, findLease } from './lease-container.ts';
import { LeaseHeartbeats } from './lease-heartbeat.ts';
import type { SiteRun } from './site-run.ts';
import { stateOf, type SiteState } from './site-state.ts';

const removalMs = 500;

/** The lease of a site: while a build holds it, other builds of the site wait. */
export interface SiteLease {
  /** Whether this build waited for another one, which may have built the same tuples. */
  readonly hasWaited: boolean;
  /** Reads the site's state. */
  readonly probe: Probe;
  /** Shows the progress of this build to the builds that wait for it. */
  readonly showProgress: (progress: Schedule) => void;
}

/**
 * Does the work of a build while it holds the lease of the run's site. If another build holds the lease, waits for its end and
 * shows its progress meanwhile. Takes the lease over if its holder is gone. Throws the signal's reason while it waits, and
 * `site-taken` if the container with the name of the lease is not a lease.
 */
export async function withSiteLease<T>(run: SiteRun, work: (lease: SiteLease) => Promise<T>): Promise<T> {
  const state = stateOf(run);
  const owner = await currentOwner(run.self, procWorld(run.engine, run.findLocal));
  const lease = { owner, token: randomBytes(16).toString('hex') };
  let id = await createLease(state, lease);
  const hasWaited = id === undefined;
  let former: string | undefined;
  while (id === undefined) {
    const holder = await findLease(state);
    if (holder !== undefined) former = await awaitLease(run, state, holder);
    // The container of the lease is being removed.
    else await delay(removalMs, undefined, { signal: run.signal }).catch(() => run.signal.throwIfAborted());
    id = await createLease(state, lease);
  }
  const heartbeats = new LeaseHeartbeats(state, lease, id);
  heartbeats.start();
  try {
    if (former !== undefined)
      await run.report({ type: 'note', message: `took over the lease of the site ${run.site.name} from ${former}` });
    return await work({
      hasWaited,
      probe: probeOf(run.engine, id),
      showProgress: (progress) => void (heartbeats.progress = progress),
    });
  } finally {
    await release(state, await heartbeats.stop());
  }
}

/**
 * Removes the lease of a site if its holder is gone. A build takes such a lease over; this is for one that has nothing to do and needs no
 * lease. A container that is no lease is left to the build that needs the name.
 */
export async function removeLostLease(run: SiteRun): Promise<void> {
  const state = stateOf(run);
  const holder = await findLease(state).catch((error: unknown) => {
    if (error instanceof Failure && error.code === 'site-taken') return undefined;
    throw error;
  });
  if (holder === undefined) return;
  if ((await judgeLife(holder.owner, procWorld(run.engine, run.findLocal))) !== 'gone') return;
  if (!(await release(state, holder.id))) return;
  const of = describeOwner(holder.owner);
  await run.report({ type: 'note', message: `removed the lease of the site ${run.site.name}, which ${of} left` });
}

/**
 * Removes the container of a lease, and returns whether it did. If that fails twice, or if the engine is lost, this is only a warning: the user has to see the result of the
 * work, and the next build takes the lease over.
 */
async function release(state: SiteState, id: ContainerId | undefined): Promise<boolean> {
  if (id === undefined) return false;
  const { engine, report } = state.context;
  const remove = () => engine.removeContainer(id);
  try {
    await remove().catch(remove);
    return true;
  } catch (error) {
    if (!(error instanceof EngineRefusal || error instanceof Failure)) throw error;
    const name = leaseName(state.volume);
    await report({
      type: 'warning',
      message: `failed to remove the container ${name}, which is the site's lease: ${error.message}`,
      hint: `the next build takes the lease over; to remove it now: docker rm ${name}`,
    });
    return false;
  }
}
