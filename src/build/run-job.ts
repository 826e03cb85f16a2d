import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { AttachedExec, ExecId, ExecRequest } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import { LastLines } from '../portage/last-lines.ts';
import { splitLines } from '../portage/split-lines.ts';
import { parseStatusSnapshot } from '../portage/status-stream.ts';
import type { BuildContainer } from './build-container.ts';
import { describeBuildLog } from './build-log.ts';
import { findContainerLoss } from './container-loss.ts';
import type { BuildContext } from './context.ts';
import { followCommand, jobCommand, silenceCommand } from './job-scripts.ts';
import { runCommand } from './run-command.ts';

/** More often than any connection that is watched for silence is cut. */
const keepAliveMs = 1500;
/** How often a lost log stream is taken up again in a row without a byte of the log or a keep-alive byte arriving. */
const attemptsWithoutProgress = 10;
const reconnectMs = 300;
const startAttempts = 5;
const keptLines = 2000;
/** A connection on which not even a keep-alive byte comes back for so long is half open, and is replaced. */
const halfOpenMs = 6000;

/** A long command in the build container. */
export interface Job {
  readonly name: 'sync' | 'emerge';
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether Portage's status stream is wanted as `running` events. */
  readonly watch: boolean;
  /** Seconds after which a job that writes to no log is ended. */
  readonly silenceTimeout: number | undefined;
}

/** How a job ended, with the last lines that it printed. */
export interface JobResult {
  readonly exitStatus: number;
  readonly lines: readonly string[];
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
  const follower = new Follower(context, container, job);
  const lines = new LastLines(keptLines);
  for await (const batch of splitLines(follower.output())) {
    for (const line of batch) {
      lines.push(line);
      await onLine(line);
    }
  }
  if (follower.exitStatus === undefined) {
    throw new Failure('emerge-failed', `failed to run ${job.name}: its process was killed in the build container`, {
      logTail: lines.toArray().slice(-20),
      hint: 'if memory is short, try fewer jobs: --jobs 1 --emerge-option=--load-average=1',
    });
  }
  return { exitStatus: follower.exitStatus, lines: lines.toArray() };
}

/** An answer that is lost does not tell whether the job was started: it is started again, which a running one ignores. */
async function start({ engine, signal }: BuildContext, { id }: BuildContainer, request: ExecRequest): Promise<ExecId> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await engine.execDetached(id, request);
    } catch (error) {
      const lost = error instanceof Failure && error.code === 'engine-lost';
      if (!lost || attempt === startAttempts) throw error;
      await delay(reconnectMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

class Follower {
  /** Set when the job has ended; undefined then means that nobody wrote its status down. */
  exitStatus: number | undefined;
  private ended = false;
  private size = Infinity;
  private control = '';
  private lastSnapshot = '';
  /** Whether a keep-alive byte came back on this connection: it works, though the job has nothing to say. */
  private answered = false;
  private lastHeard = performance.now();
  private lastFault: unknown;
  private readonly context: BuildContext;
  private readonly container: BuildContainer;
  private readonly job: Job;

  constructor(context: BuildContext, container: BuildContainer, job: Job) {
    this.context = context;
    this.container = container;
    this.job = job;
  }

  /** The job's output, whole and once, over as many connections as it takes. */
  async *output(): AsyncGenerator<Buffer, void> {
    let fruitless = 0;
    while (!this.isComplete()) {
      const before = this.container.log.read;
      yield* this.follow();
      if (this.isComplete()) return;
      const loss = await findContainerLoss(this.context.engine, this.container.id, this.job.name);
      if (loss !== undefined) throw loss;
      fruitless = this.container.log.read > before || this.answered ? 0 : fruitless + 1;
      if (fruitless > attemptsWithoutProgress) {
        throw new Failure(
          'engine-lost',
          `failed to follow ${this.job.name}: the engine cut the stream ${fruitless} times in a row`,
          {
            hint: 'check what stands between this program and the engine: a proxy, a restarting engine',
            cause: this.lastFault,
          },
        );
      }
      await delay(reconnectMs, undefined, { signal: this.context.signal }).catch(() =>
        this.context.signal.throwIfAborted(),
      );
    }
  }

  private isComplete(): boolean {
    return this.ended && this.container.log.read >= this.size;
  }

  private async *follow(): AsyncGenerator<Buffer, void> {
    const { engine, signal } = this.context;
    const { log, id } = this.container;
    this.control = '';
    this.answered = false;
    const command = followCommand(this.job.name, log.path, log.read, this.job.watch);
    const exec = await engine.execAttached(id, { command }).catch((error: unknown) => this.noteFault(error));
    if (exec === undefined) return;
    let waitingSince = performance.now();
    const keepAlive = setInterval(() => {
      exec.write(Buffer.from('\n'));
      if (performance.now() - waitingSince > halfOpenMs) exec.close();
    }, keepAliveMs);
    const close = () => exec.close();
    const silence = this.watchSilence(exec);
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    try {
      for await (const { stream, data } of exec.output) {
        // While the output is being taken by a slow reader, nothing is expected of the connection.
        waitingSince = Infinity;
        if (stream === 'stderr') {
          this.readControl(data);
        } else {
          this.lastHeard = performance.now();
          log.read += data.length;
          yield data;
        }
        waitingSince = performance.now();
        if (this.isComplete()) break;
      }
    } catch (error) {
      this.noteFault(error);
    } finally {
      clearInterval(keepAlive);
      silence.stop();
      signal.removeEventListener('abort', close);
      exec.close();
    }
    signal.throwIfAborted();
    silence.throwIfOver();
  }

  /** What a connection that broke, or could not be made, means is seen from the container, by the caller. */
  private noteFault(error: unknown): void {
    if (error instanceof Failure && error.code !== 'engine-lost') throw error;
    this.lastFault = error;
  }

  private readControl(data: Buffer): void {
    const lines = (this.control + data.toString('utf8')).split('\n');
    this.control = lines.pop() ?? '';
    for (const line of lines) {
      const end = /^ended (\d+|lost|unstarted) (\d+)$/.exec(line);
      if (end?.[1] === 'unstarted') throw this.unwritable();
      if (line === '') this.answered = true;
      if (end) {
        this.ended = true;
        this.exitStatus = end[1] === 'lost' ? undefined : Number(end[1]);
        this.size = Number(end[2]);
      } else if (line.startsWith('{') && line !== this.lastSnapshot) {
        this.lastSnapshot = line;
        const snapshot = parseStatusSnapshot(line);
        if (snapshot) void this.context.report({ type: 'running', ...snapshot });
      }
    }
  }

  /** Ends the stream when neither it, over all its connections, nor any log of a package has grown for too long. */
  private watchSilence(exec: AttachedExec) {
    const limit = this.job.silenceTimeout;
    let failure: Failure | undefined;
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    const wait = (seconds: number, limit: number) => {
      timer = setTimeout(() => void check(limit), Math.max(0, seconds) * 1000);
    };
    const unheard = () => (performance.now() - this.lastHeard) / 1000;
    const check = async (limit: number) => {
      const silent = unheard() < limit ? unheard() : await this.secondsOfSilence();
      if (stopped) return;
      if (silent < limit) {
        wait(limit - silent, limit);
        return;
      }
      failure = new Failure('timed-out', `failed to ${this.job.name}: nothing was written to any log for ${limit} s`, {
        hint: 'raise --silence-timeout, or look at the last lines of the log for what hangs',
      });
      exec.close();
    };
    if (limit !== undefined) wait(limit - unheard(), limit);
    return {
      stop: () => {
        stopped = true;
        clearTimeout(timer);
      },
      throwIfOver: () => {
        if (failure) throw failure;
      },
    };
  }

  private async secondsOfSilence(): Promise<number> {
    const { engine } = this.context;
    try {
      const { stdout } = await runCommand(engine, this.container.id, {
        command: silenceCommand(this.container.log.directory),
      });
      return Number.parseInt(stdout, 10) || 0;
    } catch {
      // An engine that does not answer is no proof of a hung build; the stream's own end tells about the engine.
      return 0;
    }
  }

  private unwritable(): Failure {
    const log = describeBuildLog(this.container.log);
    return new Failure(
      'mount-unusable',
      `failed to start ${this.job.name}: it cannot write to its work volume or to ${log}`,
      {
        hint: "see whether the disk of the engine's data directory is full (`docker system df`), or keep the logs elsewhere: --log-dir",
      },
    );
  }
}
