import { setTimeout as delay } from 'node:timers/promises';
import type { ExecId, ExecRequest } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import { LastLines } from '../portage/last-lines.ts';
import { splitLines } from '../portage/split-lines.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildContext } from './context.ts';
import { JobFollower } from './follow-job.ts';
import { jobCommand } from './job-scripts.ts';
import type { Job } from './job.ts';

const startAttempts = 5;
const restartMs = 300;
const keptLines = 2000;

/** How a job ended, with the last lines that it printed. */
export interface JobResult {
  readonly exitStatus: number;
  readonly lines: readonly string[];
  /** What it left as its result: see {@link file://./job-scripts.ts}. */
  readonly result: readonly string[];
}

/**
 * Runs a job that no connection belongs to: it writes its output to the log and its exit status to the work volume, and
 * is followed from there. A stream that is cut is taken up again where it ended, so that nothing is lost and nothing
 * ends with it. Throws the signal's reason when the run is to end, and `container-lost` when the container is gone.
 */
export async function runJob(
  context: BuildContext,
  container: BuildContainer,
  job: Job,
  onLine: (line: string) => void | Promise<void>,
): Promise<JobResult> {
  context.signal.throwIfAborted();
  const command = jobCommand(job.name, container.log.path, job.command);
  container.lastJob = await start(context, container, { command, environment: job.environment });
  const follower = new JobFollower(context, container, job);
  const lines = new LastLines(keptLines);
  for await (const batch of splitLines(follower.output())) {
    for (const line of batch) {
      lines.push(line);
      await onLine(line);
    }
  }
  container.lastJob = undefined;
  if (follower.exitStatus === undefined) {
    throw new Failure(
      job.step === 'sync' ? 'sync-failed' : 'emerge-failed',
      `failed to run ${job.name}: its process was killed in the build container`,
      {
        logTail: lines.toArray().slice(-20),
        hint: 'if memory is short, let fewer processes run at once: MAKEOPTS="-j1" in make.conf',
      },
    );
  }
  return { exitStatus: follower.exitStatus, lines: lines.toArray(), result: [...follower.result] };
}

/** An answer that is lost does not tell whether the job was started: it is started again, which a running one ignores. */
async function start({ engine, signal }: BuildContext, { id }: BuildContainer, request: ExecRequest): Promise<ExecId> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await engine.execDetached(id, request);
    } catch (error) {
      const lost = error instanceof Failure && error.code === 'engine-lost';
      if (!lost || attempt === startAttempts) throw error;
      await delay(restartMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
