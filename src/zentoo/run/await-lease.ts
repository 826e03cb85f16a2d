import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { judgeLife, procWorld, type Owner } from '../../ownership/owner.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import { createStepTimer } from '../../job/step-timer.ts';
import { leaseName } from '../../ownership/ownership.ts';
import type { LeaseHolder } from './lease-container.ts';
import { readHeartbeat } from './lease-heartbeat.ts';
import type { SiteRun } from './site-run.ts';
import type { SiteState } from './site-state.ts';

const pollMs = 2000;
/** After this time without a heartbeat, a holder whose state cannot be found out counts as gone. */
const longestSilenceMs = 5 * 60_000;

/**
 * Waits until the holder of a lease has released it, and shows the holder's progress meanwhile. If the holder is gone, removes
 * the lease, and returns a clause that tells whose lease it was. A holder on another machine cannot be asked: it counts as gone
 * after five minutes without a heartbeat, measured by the clock of this program.
 */
export async function awaitLease(run: SiteRun, state: SiteState, holder: LeaseHolder): Promise<string | undefined> {
  const watch = new HolderWatch(run, state, holder);
  let verdict = await watch.look();
  if (verdict === 'at work') {
    await run.report({
      type: 'note',
      message: `another build of the site ${run.site.name} is under way: this build waits for it, and then builds what is left`,
    });
    const since = `${holder.since.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
    const detail = `for the build that ${describeOwner(holder.owner)} began at ${since}`;
    verdict = await createStepTimer(run.report, run.site.name)('wait', detail, () => watch.untilEnd());
  }
  if (verdict === 'released' || verdict === 'at work') return undefined;
  await run.engine.removeContainer(holder.id);
  return `${describeOwner(holder.owner)}, ${verdict}`;
}

/** The state of a holder: at work, or the reason why this build need not wait any more. */
type Verdict = 'at work' | 'released' | 'which is gone' | 'which has been silent for five minutes';

/** Looks at a holder again and again. */
class HolderWatch {
  readonly #run: SiteRun;
  readonly #state: SiteState;
  readonly #holder: LeaseHolder;
  #beat: number | undefined;
  #beatAt = performance.now();
  #shown = '';
  #hasWarned = false;

  constructor(run: SiteRun, state: SiteState, holder: LeaseHolder) {
    this.#run = run;
    this.#state = state;
    this.#holder = holder;
  }

  async untilEnd(): Promise<Verdict> {
    const { signal } = this.#run;
    for (;;) {
      await delay(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      const verdict = await this.look();
      if (verdict !== 'at work') return verdict;
    }
  }

  async look(): Promise<Verdict> {
    const { engine, findLocal } = this.#run;
    if ((await engine.inspectContainer(this.#holder.id)) === undefined) return 'released';
    const life = await judgeLife(this.#holder.owner, procWorld(engine, findLocal));
    if (life === 'gone') return 'which is gone';
    await this.#readProgress();
    const isSilent = performance.now() - this.#beatAt >= longestSilenceMs;
    if (life === 'unknown' && isSilent) return 'which has been silent for five minutes';
    if (isSilent && !this.#hasWarned) await this.#warnOfSilence();
    return 'at work';
  }

  /** The container of a build may outlive its zentoo, and a stopped process is alive: only the user knows what became of them. */
  async #warnOfSilence(): Promise<void> {
    this.#hasWarned = true;
    const name = leaseName(this.#state.volume);
    await this.#run.report({
      type: 'warning',
      message: `${describeOwner(this.#holder.owner)} holds the lease of the site, but its zentoo has given no sign for five minutes`,
      hint: `if that zentoo has ended, remove its lease, and this build goes on: docker rm ${name}`,
    });
  }

  async #readProgress(): Promise<void> {
    const heartbeat = await readHeartbeat(this.#state, this.#holder.id).catch((error: unknown) => {
      // The holder has released the lease meanwhile.
      if (error instanceof EngineRefusal && error.kind === 'absent') return undefined;
      throw error;
    });
    if (heartbeat === undefined || heartbeat.beat === this.#beat) return;
    this.#beat = heartbeat.beat;
    this.#beatAt = performance.now();
    const progress = JSON.stringify(heartbeat.progress);
    if (heartbeat.progress === null || progress === this.#shown) return;
    this.#shown = progress;
    await this.#run.report({ type: 'schedule', ...heartbeat.progress });
  }
}

/** Names an owner for a person. */
export function describeOwner(owner: Owner): string {
  return owner.kind === 'process' ? `process ${owner.pid}` : `the container ${owner.id.slice(0, 12)}`;
}
