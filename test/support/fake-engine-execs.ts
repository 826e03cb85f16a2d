import type { AttachedExec, ExecId, ExecRequest, OutputChunk, TerminalSize } from '../../src/engine/engine.ts';
import type { FakeContainer } from './fake-engine-state.ts';

/** What a scripted process prints and how it ends. */
export interface ExecResult {
  readonly stdout?: string | Buffer;
  readonly stderr?: string | Buffer;
  /** 0 where undefined. */
  readonly exitCode?: number;
}

/** The streams of a scripted process. */
export interface ExecStreams {
  /** What was written to its standard input; ends when the client is gone. */
  readonly input: AsyncIterable<Buffer>;
  /** Prints at once, before the end. */
  print(stream: OutputChunk['stream'], text: string | Buffer): void;
  /** The sizes that its terminal was given, the last one being what it has now; none at first. */
  readonly sizes: readonly TerminalSize[];
  /** Cuts the connection to the client, while the process lives on. */
  cut(): void;
  /** Aborted when the container stops; the process is then gone, whatever its script does. */
  readonly stopped: AbortSignal;
}

/** Plays the processes of execs: answers with the output and the exit code, now or later. */
export type ExecScript = (
  container: FakeContainer,
  request: ExecRequest,
  streams: ExecStreams,
) => ExecResult | Promise<ExecResult>;

/** A process that an exec started. */
export class FakeExec {
  readonly id: ExecId;
  readonly request: ExecRequest;
  /** 128 + 9 after the container was stopped under it. */
  exitCode: number | undefined;
  readonly sizes: TerminalSize[] = [];
  readonly #output = new Queue<OutputChunk>();
  readonly #input = new Queue<Buffer>();

  constructor(id: ExecId, request: ExecRequest) {
    this.id = id;
    this.request = request;
  }

  /** Runs the script; never rejects. A script that throws is a process that could not be started: 126. */
  start(container: FakeContainer, script: ExecScript): void {
    const { signal } = container.stopped;
    const onStop = (): void => this.#end(137);
    signal.addEventListener('abort', onStop, { once: true });
    void this.#play(container, script, signal).finally(() => signal.removeEventListener('abort', onStop));
  }

  attach(): AttachedExec {
    return {
      id: this.id,
      output: this.#output.drain(() => this.#input.close()),
      write: (data) => this.#input.push(Buffer.from(data)),
      send: async (data) => await Promise.resolve(this.#input.push(Buffer.from(data))),
      endInput: () => this.#input.close(),
      close: () => this.#cut(),
    };
  }

  async #play(container: FakeContainer, script: ExecScript, stopped: AbortSignal): Promise<void> {
    const streams: ExecStreams = {
      input: this.#input.drain(() => undefined),
      print: (stream, text) => this.#print(stream, text),
      sizes: this.sizes,
      cut: () => this.#cut(),
      stopped,
    };
    try {
      const result = await script(container, this.request, streams);
      if (result.stdout !== undefined) this.#print('stdout', result.stdout);
      if (result.stderr !== undefined) this.#print('stderr', result.stderr);
      this.#end(result.exitCode ?? 0);
    } catch (error) {
      this.#print('stdout', `OCI runtime exec failed: ${String(error)}\r\n`);
      this.#end(126);
    }
  }

  #print(stream: OutputChunk['stream'], text: string | Buffer): void {
    if (this.exitCode !== undefined || text.length === 0) return;
    this.#output.push({ stream: this.request.tty === true ? 'stdout' : stream, data: Buffer.from(text as string) });
  }

  #cut(): void {
    this.#output.close();
    this.#input.close();
  }

  #end(exitCode: number): void {
    this.exitCode ??= exitCode;
    this.#cut();
  }
}

/** Items that wait for one reader; nothing is taken in after it was closed. */
class Queue<T> {
  readonly #items: T[] = [];
  #closed = false;
  #wake = (): void => undefined;

  push(item: T): void {
    if (!this.#closed) this.#items.push(item);
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  async *drain(onStop: () => void): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) yield item;
        if (this.#closed) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.close();
      onStop();
    }
  }
}
