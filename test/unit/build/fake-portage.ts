import { terminateCommand } from '../../../src/build/job-scripts.ts';
import type { ExecRequest, OutputChunk } from '../../../src/engine/engine.ts';
import type { ExecResult, ExecScript, ExecStreams } from '../../support/fake-engine-execs.ts';
import type { FakeContainer } from '../../support/fake-engine-state.ts';
import { playUnpacking } from './fake-unpack.ts';

/** How a program of a job ends: its exit status, or killed before anybody could write one down. */
export type Ending = number | 'killed';

/** What a program of a job can do. */
export interface RunningProgram {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly container: FakeContainer;
  /** Writes to the log. */
  readonly print: (text: string | Buffer) => void;
  /** Aborted by SIGTERM. */
  readonly terminated: AbortSignal;
}

export type Program = (running: RunningProgram) => Ending | Promise<Ending>;

/** A program that ends only by SIGTERM, as emerge does. */
export const hang: Program = ({ terminated }) =>
  new Promise((resolve) => terminated.addEventListener('abort', () => resolve(143)));

/** A program that SIGTERM does not end. */
export const hangForGood: Program = () => new Promise(() => undefined);

/**
 * Plays the commands of `job-scripts.ts` inside a {@link FakeEngine}'s containers: jobs that write to a log, and
 * followers that read it, over connections that a test may cut.
 */
export class FakePortage {
  /** What a sync and an emerge do. */
  sync: Program = () => 0;
  emerge: Program = ({ print, container }) => {
    print('>>> Emerging (1 of 1) app-misc/hello-2.10::gentoo\n');
    print('>>> Completed (1 of 1) app-misc/hello-2.10::gentoo\n');
    container.files.set('/usr/bin/hello', {
      kind: 'file',
      data: Buffer.from('hello'),
      linkTarget: '',
      modified: new Date(0),
    });
    return 0;
  };
  /** What the emerge leaves as its result. */
  merged: readonly string[] = ['app-misc/hello-2.10'];
  /** What the sync leaves as its result: the tree's stamp after it. */
  stamp: string | undefined = '1234 5';
  /** The tree's stamp while it was emerged from. */
  emergeStamp: string | undefined;
  /** What the settings command prints, field by field; the first is the tree's stamp. */
  settings: readonly string[] = ['1234 5', '', 'x86_64-pc-linux-gnu/generic/default-0123456789ab'];
  /** Texts of logs that are shown with `tail`. */
  readonly logs = new Map<string, string>();
  /** After how many bytes each of the next follower's connections is cut. */
  readonly cuts: number[] = [];
  /** Whether keep-alive bytes come back. */
  echoes = true;
  /** How many seconds ago a log was written to. */
  secondsOfSilence = (): number => 0;
  /** Snapshots of the status stream that a watching follower sends at once. */
  statusLines: readonly string[] = [];
  /** Everything that was run, by the name of its script or its first word. */
  readonly ran: { readonly name: string; readonly request: ExecRequest }[] = [];
  /** Connections of followers so far, and bytes that came in over them. */
  followers = 0;
  keepAliveBytes = 0;
  readonly #log = new FakeLog();
  readonly #jobs = new Map<string, FakeJob>();

  /** Begins as in new containers: what was run so far is not known any more. */
  forget(): void {
    this.ran.length = 0;
    this.#jobs.clear();
  }

  /** The names of what was run, in order. */
  get names(): readonly string[] {
    return this.ran.map(({ name }) => name);
  }

  /** What was run under that name first; throws where nothing was. */
  request(name: string): ExecRequest {
    const found = this.ran.find((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} was not run, but ${this.names.join(', ')}`);
    return found.request;
  }

  /** To be an engine's `onExec`. */
  readonly script: ExecScript = (container, request, streams) => {
    const name = nameOf(request.command);
    this.ran.push({ name, request });
    switch (name) {
      case 'sync':
      case 'emerge':
      case 'emerge-on-volume':
        return this.#runJob(name, container, request);
      case 'follow':
        return this.#follow(request.command, streams);
      case 'settings':
        return { stdout: this.settings.map((field) => `${field}\0`).join('') };
      case 'kind':
        return { stdout: container.findFile(request.command.at(-1) ?? '')?.kind ?? '' };
      case 'unpack':
        return playUnpacking(container, request, streams);
      case 'silence':
        return { stdout: `${this.secondsOfSilence()}\n` };
      case 'tail':
        return { stdout: this.logs.get(request.command.at(-1) ?? '') ?? '' };
      case 'terminate':
        for (const job of this.#jobs.values()) job.terminated.abort();
        return {};
      default:
        return {};
    }
  };

  #emerged(): readonly string[] {
    return [...this.merged, ...(this.emergeStamp === undefined ? [] : [`tree ${this.emergeStamp}`])];
  }

  async #runJob(name: string, container: FakeContainer, request: ExecRequest): Promise<ExecResult> {
    // A job that was started already is not started twice.
    if (this.#jobs.has(name)) return {};
    const job = new FakeJob();
    this.#jobs.set(name, job);
    const play = name === 'sync' ? this.sync : this.emerge;
    const ending = await play({
      command: request.command.slice(6),
      environment: request.environment ?? {},
      container,
      print: (text) => this.#log.write(Buffer.from(text as string)),
      terminated: job.terminated.signal,
    });
    job.ending = ending;
    this.#log.wake();
    return { exitCode: ending === 'killed' ? 137 : 0 };
  }

  /** Sends the log from an offset on until the job has ended, then how it ended. */
  async #follow(command: readonly string[], streams: ExecStreams): Promise<ExecResult> {
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
        const result = state.endsWith('/sync') ? [this.stamp].flatMap((stamp) => stamp ?? []) : this.#emerged();
        for (const line of result) wire('stderr', `result ${line}\n`);
        wire('stderr', `ended ${job.ending === 'killed' ? 'lost' : job.ending} ${position}\n`);
        return {};
      }
      if (bytes.length === 0) await this.#log.grown();
    }
    return { exitCode: 137 };
  }

  async #echo({ input }: ExecStreams, wire: Wire): Promise<void> {
    for await (const bytes of input) {
      this.keepAliveBytes += bytes.length;
      if (this.echoes) wire('stderr', bytes);
    }
  }
}

class FakeJob {
  readonly terminated = new AbortController();
  ending: Ending | undefined;
}

/** The log of a run: all of its jobs write to one file. */
class FakeLog {
  readonly #writes: Buffer[] = [];
  size = 0;
  #wakers: (() => void)[] = [];

  write(bytes: Buffer): void {
    this.#writes.push(bytes);
    this.size += bytes.length;
    this.wake();
  }

  /** What stands behind a position, in one of the pieces in which it was written. */
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

/** A connection that ends after so many bytes, wherever that is. */
function cuttable(streams: ExecStreams, limit = Infinity): Wire {
  let left = limit;
  return (stream, text) => {
    const bytes = Buffer.from(text as string);
    if (left > 0) streams.print(stream, bytes.subarray(0, left));
    left -= bytes.length;
    if (left <= 0) streams.cut();
  };
}

function nameOf(command: readonly string[]): string {
  if (command[0] !== '/bin/sh') return command[0] ?? '';
  if (command[2] === terminateCommand[2]) return 'terminate';
  // What is run under the tree's lock counts, not the lock.
  const locked = command[3] === 'gentoo-builder-lock' && command.find((word) => word === 'gentoo-builder-settings');
  return (locked || (command[3] ?? '')).replace('gentoo-builder-', '');
}
