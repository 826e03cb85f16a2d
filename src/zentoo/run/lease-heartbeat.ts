import * as v from 'valibot';
import type { ContainerId } from '../../engine/identifiers.ts';
import { parseJson } from '../../parse-json.ts';
import type { Schedule } from '../../report/event.ts';
import { probeOf } from '../../container/probe.ts';
import { createLease, leaseFormat, type NewLease } from './lease-container.ts';
import { statePlace, type SiteState } from './site-state.ts';

/** The milliseconds between two heartbeats of a build that holds a lease. */
const heartbeatMs = 10_000;

/** The file of a state volume with the last heartbeat. */
const heartbeatFile = 'lease.json';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const heartbeatSchema = v.object({
  format: v.literal(leaseFormat),
  /** The container of the lease: the file of an earlier lease does not count. */
  lease: v.string(),
  /** The number of heartbeats so far. Builds that wait compare numbers, not clocks. */
  beat: count,
  progress: v.nullable(
    v.object({ done: count, total: count, failed: count, atWork: count, remaining: v.optional(v.number()) }),
  ),
});

/** One heartbeat of a build that holds a lease. */
export type Heartbeat = Pick<v.InferOutput<typeof heartbeatSchema>, 'beat' | 'progress'>;

/** Reads the last heartbeat of a lease; undefined if there was none yet, or if it is being written. */
export async function readHeartbeat({ context }: SiteState, lease: ContainerId): Promise<Heartbeat | undefined> {
  const text = await probeOf(context.engine, lease).readText(`${statePlace}/${heartbeatFile}`);
  const heartbeat = parseJson(heartbeatSchema, text ?? '');
  return heartbeat?.lease === lease ? heartbeat : undefined;
}

/** The heartbeats of a build that holds a lease. */
export class LeaseHeartbeats {
  /** The progress of the build, which the next heartbeat tells. */
  progress: Schedule | undefined;
  readonly #state: SiteState;
  readonly #lease: NewLease;
  #id: ContainerId | undefined;
  #beat = 0;
  #hasWarned = false;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(state: SiteState, lease: NewLease, id: ContainerId) {
    this.#state = state;
    this.#lease = lease;
    this.#id = id;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), heartbeatMs);
  }

  /** Ends the heartbeats. Returns the container of the lease; undefined if the build has lost its lease. */
  async stop(): Promise<ContainerId | undefined> {
    clearInterval(this.#timer);
    await this.#writing;
    return this.#id;
  }

  #tick(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    const { engine } = this.#state.context;
    try {
      if (this.#id === undefined) return;
      if ((await engine.inspectContainer(this.#id)) === undefined) await this.#takeAgain();
      if (this.#id === undefined) return;
      const { done = 0, total = 0, failed = 0, atWork = 0, remaining } = this.progress ?? {};
      const progress = this.progress === undefined ? null : { done, total, failed, atWork, remaining };
      const heartbeat = { format: leaseFormat, lease: this.#id, beat: ++this.#beat, progress };
      await probeOf(engine, this.#id).writeText(statePlace, heartbeatFile, `${JSON.stringify(heartbeat)}\n`);
    } catch (error) {
      await this.#warn(`failed to write a heartbeat of this build: ${error instanceof Error ? error.message : ''}`);
    }
  }

  /** Makes the lease again after somebody removed its container, for example with `docker container prune`. */
  async #takeAgain(): Promise<void> {
    this.#id = await createLease(this.#state, this.#lease);
    if (this.#id === undefined) await this.#warn('another build took the lease of the site while this build works');
  }

  async #warn(message: string): Promise<void> {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const hint = 'this build goes on; another build of the site may do the same work';
    await this.#state.context.report({ type: 'warning', message, hint });
  }
}
