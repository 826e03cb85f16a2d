import type { AttachedExec, ExecRequest, OutputChunk, TerminalSize } from '../../../src/engine/execs.ts';
import type { EngineFlavour } from '../../../src/engine/engine.ts';
import type { ExecId } from '../../../src/engine/identifiers.ts';
import type { FakeContainer } from './fake-engine-state.ts';

/** The output and the exit code of a scripted process. */
export interface ExecResult {
  readonly stdout?: string | Buffer;
  readonly stderr?: string | Buffer;
  /** 0 where undefined. */
  readonly exitCode?: number;
}

/** The streams of a scripted process. */
export interface ExecStreams {
  /** The data of its standard input; ends when the client is gone. */
  readonly input: AsyncIterable<Buffer>;
  /** Prints at once, before the end. */
  print(stream: OutputChunk['stream'], text: string | Buffer): void;
  /** All sizes of its terminal so far; the last one is the current size. Empty at first. */
  readonly sizes: readonly TerminalSize[];
  /** Cuts the connection to the client, while the process continues. */
  cut(): void;
  /** Makes the connection half open: no data arrives in either direction any more, and no end. */
  lose(): void;
  /** Aborted when the container stops. The process then ends, even if its script continues. */
  readonly stopped: AbortSignal;
}

/** Plays the processes of execs. Returns the output and the exit code, now or later. */
export type ExecScript = (
  container: FakeContainer,
  request: ExecRequest,
  streams: ExecStreams,
) => ExecResult | Promise<ExecResult>;

/** A process that an exec started. */
export class FakeExec {
  readonly id: ExecId;
  readonly request: ExecRequest;
  /** 128 + 9 if the container was stopped first. */
  exitCode: number | undefined;
  readonly sizes: TerminalSize[] = [];
  readonly #output = new Queue<OutputChunk>();
  readonly #input = new Queue<Buffer>();
  #isLost = false;

  readonly #flavour: EngineFlavour;

  constructor(id: ExecId, request: ExecRequest, flavour: EngineFlavour) {
    this.id = id;
    this.request = request;
    this.#flavour = flavour;
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
      write: (data) => this.#write(data),
      send: async (data) => await Promise.resolve(this.#write(data)),
      endInput: () => this.#input.close(),
      close: () => {
        this.#isLost = false;
        this.#cut();
      },
    };
  }

  async #play(container: FakeContainer, script: ExecScript, stopped: AbortSignal): Promise<void> {
    const streams: ExecStreams = {
      input: this.#input.drain(() => undefined),
      print: (stream, text) => this.#print(stream, text),
      sizes: this.sizes,
      cut: () => this.#cut(),
      lose: () => {
        this.#isLost = true;
      },
      stopped,
    };
    try {
      const result = await script(container, this.request, streams);
      if (result.stdout !== undefined) this.#print('stdout', result.stdout);
      if (result.stderr !== undefined) this.#print('stderr', result.stderr);
      this.#end(result.exitCode ?? 0);
    } catch (error) {
      // Podman prints nothing.
      if (this.#flavour === 'docker') this.#print('stdout', `OCI runtime exec failed: ${String(error)}\r\n`);
      this.#end(126);
    }
  }

  #write(data: Uint8Array): void {
    if (!this.#isLost) this.#input.push(Buffer.from(data));
  }

  #print(stream: OutputChunk['stream'], text: string | Buffer): void {
    if (this.exitCode !== undefined || text.length === 0 || this.#isLost) return;
    this.#output.push({ stream: this.request.tty === true ? 'stdout' : stream, data: Buffer.from(text as string) });
  }

  #cut(): void {
    if (this.#isLost) return;
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
