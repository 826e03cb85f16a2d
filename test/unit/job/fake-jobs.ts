import type { ExecRequest, OutputChunk } from '../../../src/engine/execs.ts';
import type { ExecResult, ExecStreams } from '../../support/fake-engine/fake-engine-execs.ts';
import type { FakeContainer } from '../../support/fake-engine/fake-engine-state.ts';

/** The end of a job's program: its exit status, or `killed` if it is killed before its status is written. */
export type Ending = number | 'killed';

/** The functions and the signal of a job's program. */
export interface RunningProgram {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly container: FakeContainer;
  /** Writes to the log. */
  readonly print: (text: string | Buffer) => void;
  /** Adds a line to the job's result. */
  readonly record: (line: string) => void;
  /** Counts a process that the kernel kills because memory is short. */
  readonly killForMemory: () => void;
  /** Aborted by SIGTERM. */
  readonly terminated: AbortSignal;
}

export type Program = (running: RunningProgram) => Ending | Promise<Ending>;

/** A program that ends only by SIGTERM, as emerge does. */
export const hang: Program = ({ terminated }) =>
  new Promise((resolve) => terminated.addEventListener('abort', () => resolve(143)));

/** A program that SIGTERM does not end. */
export const hangForGood: Program = () => new Promise(() => undefined);

/** Plays jobs that write to one log, and their followers, over connections that a test may cut. */
export class FakeJobs {
  /** The number of bytes after which each of the next connections of a follower is cut. */
  readonly cuts: number[] = [];
  /** Whether followers send keep-alive bytes back. */
  echoes = true;
  /** Snapshots of the status stream that a follower with `watch` sends at its start. */
  statusLines: readonly string[] = [];
  /** The number of followers' connections so far, and of the bytes that came in over them. */
  followers = 0;
  keepAliveBytes = 0;
  readonly #log = new FakeLog();
  readonly #jobs = new Map<string, FakeJob>();

  /** Starts a job. If the job was started already, the second start has no effect. */
  async runJob(
    name: string,
    container: FakeContainer,
    { command, environment = {} }: ExecRequest,
    play: Program,
  ): Promise<ExecResult> {
    if (this.#jobs.has(name)) return {};
    const job = new FakeJob();
    this.#jobs.set(name, job);
    const ending = await play({
      command: command.slice(6),
      environment,
      container,
      print: (text) => this.#log.write(Buffer.from(text as string)),
      record: (line) => job.result.push(line),
      killForMemory: () => (job.kills += 1),
      terminated: job.terminated.signal,
    });
    job.ending = ending;
    this.#log.wake();
    return { exitCode: ending === 'killed' ? 137 : 0 };
  }

  /** Sends the log from an offset on until the job ends, then the result and the exit status of the job. */
  async followJob(command: readonly string[], streams: ExecStreams): Promise<ExecResult> {
    this.followers += 1;
    const [state = '', , offset = '', watch = ''] = command.slice(4);
    const job = this.#jobs.get(state.slice(state.lastIndexOf('/') + 1));
    const wire = cuttable(streams, this.cuts.shift());
    const client = { gone: false };
    void this.#echo(streams, wire).then(() => {
      client.gone = true;
      this.#log.wake();
    });
    if (watch !== '') for (const line of this.statusLines) wire('stderr', `${line}\n`);
    for (let position = Number(offset) - 1; !client.gone;) {
      const bytes = this.#log.from(position);
      if (bytes.length > 0) wire('stdout', bytes);
      position += bytes.length;
      if (job?.ending !== undefined && position === this.#log.size) {
        if (job.kills > 0) wire('stderr', `kills 5\nkills ${5 + job.kills}\n`);
        for (const line of job.result) wire('stderr', `result ${line}\n`);
        wire('stderr', `ended ${job.ending === 'killed' ? 'lost' : job.ending} ${position}\n`);
        return {};
      }
      if (bytes.length === 0) await this.#log.grown();
    }
    return { exitCode: 137 };
  }

  /** Sends SIGTERM to all jobs. */
  terminateJobs(): void {
    for (const job of this.#jobs.values()) job.terminated.abort();
  }

  /** Forgets all jobs, as in a new container. */
  forgetJobs(): void {
    this.#jobs.clear();
  }

  async #echo({ input }: ExecStreams, wire: Wire): Promise<void> {
    for await (const bytes of input) {
      this.keepAliveBytes += bytes.length;
      if (this.echoes) wire('stderr', bytes);
    }
  }
}

class FakeJob {
  kills = 0;
  readonly terminated = new AbortController();
  readonly result: string[] = [];
  ending: Ending | undefined;
}

/** The log of a run; all jobs of the run write to this one file. */
class FakeLog {
  readonly #writes: Buffer[] = [];
  size = 0;
  #wakers: (() => void)[] = [];

  write(bytes: Buffer): void {
    this.#writes.push(bytes);
    this.size += bytes.length;
    this.wake();
  }

  /** The bytes after a position, up to the end of the piece in which it was written. */
  from(position: number): Buffer {
    let start = 0;
    for (const bytes of this.#writes) {
      if (position < start + bytes.length) return bytes.subarray(position - start);
      start += bytes.length;
    }
    return Buffer.alloc(0);
  }

  grown(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }
}

type Wire = (stream: OutputChunk['stream'], bytes: string | Buffer) => void;

/** A connection that is cut after a number of bytes. */
function cuttable(streams: ExecStreams, limit = Infinity): Wire {
  let left = limit;
  return (stream, text) => {
    const bytes = Buffer.from(text as string);
    if (left > 0) streams.print(stream, bytes.subarray(0, left));
    left -= bytes.length;
    if (left <= 0) streams.cut();
  };
}
