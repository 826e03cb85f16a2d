import { performance } from 'node:perf_hooks';
import { Failure } from '../failure.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildContext } from './context.ts';
import { silenceCommand } from './job-scripts.ts';
import type { Job } from './job.ts';
import { runCommand } from '../engine/run-command.ts';

/** A job's limit of silence: of its own output, over all connections, and of every package's log. Times in seconds. */
export class SilenceLimit {
  private lastHeard = performance.now();
  private failure: Failure | undefined;
  private readonly context: BuildContext;
  private readonly container: BuildContainer;
  private readonly job: Job;

  constructor(context: BuildContext, container: BuildContainer, job: Job) {
    this.context = context;
    this.container = container;
    this.job = job;
  }

  /** The job has written something. */
  heard(): void {
    this.lastHeard = performance.now();
  }

  /** Calls `end` once it has been silent for too long, unless that is stopped by what this answers with. */
  watch(end: () => void): () => void {
    const limit = this.job.silenceTimeout;
    if (limit === undefined) return () => {};
    let stopped = false;
    const look = async () => {
      const silent = this.unheard() < limit ? this.unheard() : await this.ageOfLogs();
      if (stopped) return;
      if (silent < limit) {
        timer = setTimeout(() => void look(), (limit - silent) * 1000);
        return;
      }
      this.failure = this.describe(limit);
      end();
    };
    let timer = setTimeout(() => void look(), Math.max(0, limit - this.unheard()) * 1000);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  /** Throws `timed-out` if that was why the job had to end. */
  throwIfOver(): void {
    if (this.failure) throw this.failure;
  }

  private unheard(): number {
    return (performance.now() - this.lastHeard) / 1000;
  }

  private async ageOfLogs(): Promise<number> {
    const { log, id } = this.container;
    try {
      const { stdout } = await runCommand(this.context.engine, id, { command: silenceCommand(log.directory) });
      return Number.parseInt(stdout, 10) || 0;
    } catch {
      // An engine that does not answer is no proof of a hung build; the stream's own end tells about the engine.
      return 0;
    }
  }

  private describe(limit: number): Failure {
    return new Failure('timed-out', `failed to ${this.job.name}: nothing was written to any log for ${limit} s`, {
      hint: 'raise --silence-timeout, or look at the last lines of the log for what hangs',
    });
  }
}
