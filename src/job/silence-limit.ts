import { performance } from 'node:perf_hooks';
import { Failure } from '../failure.ts';
import { startTimer } from '../long-timer.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { measureSilenceCommand } from './job-scripts.ts';
import type { Job } from './job.ts';

/** Ends a job if neither its own log nor the log of a package is written for `job.silenceTimeout` seconds. */
export class SilenceLimit {
  private lastHeard = performance.now();
  private failure: Failure | undefined;
  private readonly session: ContainerSession;
  private readonly job: Job;

  constructor(session: ContainerSession, job: Job) {
    this.session = session;
    this.job = job;
  }

  /** Resets the time of silence, because the job wrote output. */
  heard(): void {
    this.lastHeard = performance.now();
  }

  /** Calls `end` once if the job exceeds the limit. Returns a function that stops the watch. */
  watch(end: () => void): () => void {
    const limit = this.job.silenceTimeout;
    if (limit === undefined) return () => {};
    let stopped = false;
    const look = async () => {
      const silent = this.unheard() < limit ? this.unheard() : await this.ageOfLogs();
      if (stopped) return;
      if (silent < limit) {
        timer = startTimer(() => void look(), (limit - silent) * 1000);
        return;
      }
      this.failure = this.describe(limit);
      end();
    };
    let timer = startTimer(() => void look(), Math.max(0, limit - this.unheard()) * 1000);
    return () => {
      stopped = true;
      timer.clear();
    };
  }

  /** Throws `timed-out` if the limit was exceeded. */
  throwIfOver(): void {
    if (this.failure) throw this.failure;
  }

  private unheard(): number {
    return (performance.now() - this.lastHeard) / 1000;
  }

  private async ageOfLogs(): Promise<number> {
    try {
      const { stdout } = await this.session.run({ command: measureSilenceCommand(this.session.log.directory) });
      return Number.parseInt(stdout, 10) || 0;
    } catch {
      // If the engine does not answer, the build may still run; the end of the stream shows the state of the engine.
      return 0;
    }
  }

  private describe(limit: number): Failure {
    return new Failure('timed-out', `failed to ${this.job.name}: nothing was written to any log for ${limit} s`, {
      hint: 'raise --silence-timeout, or find the command that hangs in the last lines of the log',
    });
  }
}
