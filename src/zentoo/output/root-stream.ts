import type { ContainerSession } from '../../container/container-session.ts';
import type { WatchedStream } from '../../container/watched-stream.ts';
import { archiveComplaints, readArchiveEnd } from './root-contents.ts';

const keptStderr = 64 * 1024;

/**
 * The end of the stream of a root's tar: `whole` with the size of the tar in bytes; `cut` if the stream ended before the tar;
 * `refused` with tar's exit status, which is 1 if files changed while they were read, and tar's messages.
 */
export type StreamOutcome =
  | { readonly kind: 'whole'; readonly contentSize: number }
  | { readonly kind: 'cut'; readonly cause: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly lines: readonly string[] };

/** The tar of a root, as `archiveCommand` or `importCommand` writes it, read over one watched connection. */
export class RootStream {
  readonly #stream: WatchedStream;
  #bytes = 0;
  /** The last part of the text on standard error. */
  #stderr = '';

  private constructor(stream: WatchedStream) {
    this.#stream = stream;
  }

  static async open(session: ContainerSession, command: readonly string[]): Promise<RootStream> {
    return new RootStream(await session.stream({ command }));
  }

  /** The bytes of the tar, for one reader. Throws the signal's reason. */
  async *content(): AsyncGenerator<Buffer, void> {
    for await (const { stream, data } of this.#stream.output()) {
      if (stream === 'stderr') {
        this.#stderr = (this.#stderr + data.toString('utf8')).slice(-keptStderr);
      } else {
        this.#bytes += data.length;
        yield data;
      }
    }
  }

  /**
   * Tells how the tar ended. Call it after all of the content was read. The end of a stream proves nothing: the tar is whole
   * only if standard error has its end, as many bytes arrived as tar wrote, and the exit status is 0. Throws the signal's
   * reason.
   */
  async outcome(): Promise<StreamOutcome> {
    const end = readArchiveEnd(this.#stderr);
    if (end === undefined) return this.#cut();
    if (end.status !== 0) return { kind: 'refused', status: end.status, lines: archiveComplaints(this.#stderr) };
    if (end.written !== this.#bytes) return this.#cut();
    return (await this.#stream.exitStatus()) === 0 ? { kind: 'whole', contentSize: this.#bytes } : this.#cut();
  }

  /** Ends the command; its content ends, too. */
  close(): void {
    this.#stream.close();
  }

  #cut(): StreamOutcome {
    return { kind: 'cut', cause: this.#stream.fault };
  }
}
