import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { parseStatusSnapshot } from '../portage/output/status-stream.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { describeBuildLog } from '../container/build-log.ts';
import { findContainerLoss } from '../container/container-loss.ts';
import type { UsageSample } from '../report/event.ts';
import { followCommand } from './job-scripts.ts';
import type { Job } from './job.ts';
import { SilenceLimit } from './silence-limit.ts';

/** The follower gives up after this number of connections in a row without a byte of the log or a keep-alive byte. */
const attemptsWithoutProgress = 10;
const reconnectMs = 300;

/** Reads the log of a running job and waits for the job's end, over as many connections as it takes. */
export class JobFollower {
  /** The exit status, set at the job's end; undefined then means that the job was killed before it wrote its status. */
  exitStatus: number | undefined;
  /** The job's result, line by line; complete at the job's end. */
  readonly result = new Set<string>();
  /** The first and the last count of processes that the kernel killed because memory was short. */
  private readonly kills: number[] = [];
  private ended = false;
  private size = Infinity;
  private control = '';
  private lastSnapshot = '';
  /** Whether this connection brought a keep-alive byte: the connection works even if the job writes nothing. */
  private answered = false;
  private lastFault: unknown;
  private readonly session: ContainerSession;
  private readonly job: Job;
  private readonly silence: SilenceLimit;

  constructor(session: ContainerSession, job: Job) {
    this.session = session;
    this.job = job;
    this.silence = new SilenceLimit(session, job);
  }

  /** The number of processes that the kernel killed during the job because memory was short; undefined if it is not known. */
  get memoryKills(): number | undefined {
    const [first, last] = this.kills;
    return first === undefined || last === undefined ? undefined : last - first;
  }

  /** Yields the job's whole output. Throws the signal's reason, `timed-out`, `container-lost` and `engine-lost`. */
  async *output(): AsyncGenerator<Buffer, void> {
    const { engine, id, log, signal } = this.session;
    let fruitless = 0;
    while (!this.isComplete()) {
      const before = log.read;
      yield* this.follow();
      if (this.isComplete()) return;
      const container = await engine.inspectContainer(id);
      const loss = findContainerLoss(container, this.job.name);
      if (loss !== undefined) throw loss;
      // The engine refuses execs in a paused container, so the follower waits until the user resumes it.
      const isPaused = container?.state === 'paused';
      fruitless = log.read > before || this.answered || isPaused ? 0 : fruitless + 1;
      if (fruitless > attemptsWithoutProgress) throw this.lostEngine(fruitless);
      await delay(reconnectMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  private isComplete(): boolean {
    return this.ended && this.session.log.read >= this.size;
  }

  /** Yields the output that arrives over one connection. */
  private async *follow(): AsyncGenerator<Buffer, void> {
    const { log } = this.session;
    this.control = '';
    this.answered = false;
    const command = followCommand({
      ...{ name: this.job.name, log: log.path, offset: log.read, watch: this.job.watch },
      cgroups: '/sys/fs/cgroup',
    });
    const stream = await this.session.stream({ command });
    const stopWatching = this.silence.watch(() => stream.close());
    try {
      for await (const { stream: name, data } of stream.output()) {
        if (name === 'stderr') {
          this.readControl(data);
        } else {
          this.silence.heard();
          log.read += data.length;
          yield data;
        }
        if (this.isComplete()) break;
      }
    } finally {
      stopWatching();
      stream.close();
    }
    this.lastFault = stream.fault ?? this.lastFault;
    this.session.signal.throwIfAborted();
    this.silence.throwIfOver();
  }

  private readControl(data: Buffer): void {
    const lines = (this.control + data.toString('utf8')).split('\n');
    this.control = lines.pop() ?? '';
    for (const line of lines) {
      const end = /^ended (\d+|lost|unstarted) (\d+)$/.exec(line);
      if (end?.[1] === 'unstarted') throw this.unwritable();
      if (line === '') this.answered = true;
      const usage = parseUsage(line);
      if (usage !== undefined) void this.session.report({ type: 'usage', ...usage });
      const kills = /^kills (\d{1,15})$/.exec(line)?.[1];
      if (kills !== undefined) this.kills[Math.min(this.kills.length, 1)] = Number(kills);
      if (line.startsWith('result ')) this.result.add(line.slice('result '.length));
      if (end) {
        this.ended = true;
        this.exitStatus = end[1] === 'lost' ? undefined : Number(end[1]);
        this.size = Number(end[2]);
      } else if (line.startsWith('{') && line !== this.lastSnapshot) {
        this.lastSnapshot = line;
        const snapshot = parseStatusSnapshot(line);
        if (snapshot) void this.session.report({ type: 'running', ...snapshot });
      }
    }
  }

  private lostEngine(attempts: number): Failure {
    return new Failure(
      'engine-lost',
      `failed to follow ${this.job.name}: the engine cut the stream ${attempts} times in a row`,
      {
        hint: 'check whether a proxy between this program and the engine closes connections, or whether the engine restarts',
        cause: this.lastFault,
      },
    );
  }

  private unwritable(): Failure {
    const log = describeBuildLog(this.session.log);
    return new Failure(
      'mount-unusable',
      `failed to start ${this.job.name}: it cannot write to its work volume or to ${log}`,
      {
        hint: "check whether the disk of the engine's data directory is full (`docker system df`), and whether the volume or directory of the logs is writable",
      },
    );
  }
}

/** Parses a `usage RSS SHMEM PROCESSOR` line: bytes, bytes and microseconds. */
function parseUsage(line: string): UsageSample | undefined {
  const [, rss, shmem, processor] = /^usage (\d{1,15}) (\d{1,15}) (\d{1,15})$/.exec(line) ?? [];
  if (processor === undefined) return undefined;
  return { rss: Number(rss), shmem: Number(shmem), processorSeconds: Number(processor) / 1e6 };
}
