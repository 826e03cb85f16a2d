import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { parseStatusSnapshot } from '../portage/status-stream.ts';
import { keepAliveMs, type BuildContainer } from './build-container.ts';
import { describeBuildLog } from './build-log.ts';
import { findContainerLoss } from './container-loss.ts';
import type { BuildContext } from './context.ts';
import { followCommand } from './job-scripts.ts';
import type { Job } from './job.ts';
import { SilenceLimit } from './silence-limit.ts';

/** A connection on which not even a keep-alive byte comes back for so long is half open, and is replaced. */
const halfOpenMs = 6000;
/** How often a lost log stream is taken up again in a row without a byte of the log or a keep-alive byte arriving. */
const attemptsWithoutProgress = 10;
const reconnectMs = 300;

/** Reads what a job that was started writes to the log, and waits for its end, whatever happens to the connections. */
export class JobFollower {
  /** Set when the job has ended; undefined then means that nobody wrote its status down. */
  exitStatus: number | undefined;
  private ended = false;
  private size = Infinity;
  /** What the job left as its result, line by line; whole only once it has ended. */
  readonly result = new Set<string>();
  private control = '';
  private lastSnapshot = '';
  /** Whether a keep-alive byte came back on this connection: it works, though the job has nothing to say. */
  private answered = false;
  private lastFault: unknown;
  private readonly context: BuildContext;
  private readonly container: BuildContainer;
  private readonly job: Job;
  private readonly silence: SilenceLimit;

  constructor(context: BuildContext, container: BuildContainer, job: Job) {
    this.context = context;
    this.container = container;
    this.job = job;
    this.silence = new SilenceLimit(context, container, job);
  }

  /** The job's output, whole and once, over as many connections as it takes. */
  async *output(): AsyncGenerator<Buffer, void> {
    let fruitless = 0;
    while (!this.isComplete()) {
      const before = this.container.log.read;
      yield* this.follow();
      if (this.isComplete()) return;
      const container = await this.context.engine.inspectContainer(this.container.id);
      const loss = findContainerLoss(container, this.job.name);
      if (loss !== undefined) throw loss;
      // A paused one answers nothing, and the engine refuses execs in it, for as long as somebody wants it so.
      const isPaused = container?.state === 'paused';
      fruitless = this.container.log.read > before || this.answered || isPaused ? 0 : fruitless + 1;
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
    const stopWatching = this.silence.watch(close);
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    try {
      for await (const { stream, data } of exec.output) {
        // While the output is being taken by a slow reader, nothing is expected of the connection.
        waitingSince = Infinity;
        if (stream === 'stderr') {
          this.readControl(data);
        } else {
          this.silence.heard();
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
      stopWatching();
      signal.removeEventListener('abort', close);
      exec.close();
    }
    signal.throwIfAborted();
    this.silence.throwIfOver();
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
      if (line.startsWith('result ')) this.result.add(line.slice('result '.length));
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

  private unwritable(): Failure {
    const log = describeBuildLog(this.container.log);
    return new Failure(
      'mount-unusable',
      `failed to start ${this.job.name}: it cannot write to its work volume or to ${log}`,
      {
        hint: "see whether the disk of the engine's data directory is full (`docker system df`), and whether what the logs are kept in can be written",
      },
    );
  }
}
