import { setTimeout as delay } from 'node:timers/promises';
import type { ExecRequest } from '../engine/execs.ts';
import type { ExecId } from '../engine/identifiers.ts';
import { Failure } from '../failure.ts';
import { LastLines } from '../portage/output/last-lines.ts';
import { splitLines } from '../portage/output/split-lines.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { parseWaiting, reportWaiting } from '../container/waiting.ts';
import { JobFollower } from './follow-job.ts';
import { jobCommand } from './job-scripts.ts';
import type { Job } from './job.ts';
import { lostStatus } from './lost-status.ts';

const startAttempts = 5;
const restartMs = 300;
const keptLines = 2000;

/** The end of a job, with the last lines of its output. */
export interface JobResult {
  readonly exitStatus: number;
  readonly lines: readonly string[];
  /** The lines of the job's result: see {@link file://./job-scripts.ts}. */
  readonly result: readonly string[];
  /** The number of processes that the kernel killed during the job because memory was short; undefined if it is not known. */
  readonly memoryKills: number | undefined;
}

/**
 * Runs a job and calls `onLine` for each line of its output. The job needs no connection: it writes its output to the log and
 * its exit status to the work volume, and this program follows both. If a connection is cut, the job goes on, and the next
 * connection continues where the last one ended. Throws the signal's reason if the run is aborted, and `container-lost` if
 * the container stops.
 */
export async function runJob(
  session: ContainerSession,
  job: Job,
  onLine: (line: string) => void | Promise<void>,
): Promise<JobResult> {
  session.signal.throwIfAborted();
  const command = jobCommand(job.name, session.log.path, job.command);
  session.currentJob = await start(session, { command, environment: job.environment });
  const follower = new JobFollower(session, job);
  const lines = new LastLines(keptLines);
  for await (const batch of splitLines(follower.output())) {
    for (const line of batch) {
      lines.push(line);
      const waiting = parseWaiting(line);
      if (waiting === undefined) await onLine(line);
      else await reportWaiting(session.report, waiting + (job.insteadOfWaiting ?? ''));
    }
  }
  session.currentJob = undefined;
  const { exitStatus, memoryKills } = follower;
  if (exitStatus === undefined) throw await lostStatus(session, job, { memoryKills, lines: lines.toArray() });
  return { exitStatus, lines: lines.toArray(), result: [...follower.result], memoryKills };
}

/** Starts a job. If the engine's answer is lost, starts it again: a second start of the same job has no effect. */
async function start(session: ContainerSession, request: ExecRequest): Promise<ExecId> {
  const { signal } = session;
  for (let attempt = 1; ; attempt++) {
    try {
      return await session.start(request);
    } catch (error) {
      const lost = error instanceof Failure && error.code === 'engine-lost';
      if (!lost || attempt === startAttempts) throw error;
      await delay(restartMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
