import type { Readable } from 'node:stream';

import type { OutputChunk } from '../execs.ts';

/** The size in bytes of a frame's header: stream, three zeros, length in big-endian order. */
const headerSize = 8;

/** Neighbouring frames up to this size in bytes are copied together into one chunk; copying a larger frame costs more than a chunk. */
const smallFrame = 4096;

/** The number of bytes that may wait for the consumer before the source is paused. */
const highWater = 256 * 1024;

/**
 * Reads the engine's multiplexed stream of a process without terminal (Docker Engine API, "Attach to a container",
 * stream format) in one pass. A frame may arrive in several pieces and is passed on in these pieces; neighbouring
 * small frames of one stream are joined. The returned pieces lie in the given buffers, which it changes: the caller must not
 * use them again.
 */
export class Demultiplexer {
  readonly #header = Buffer.alloc(headerSize);
  #headerLength = 0;
  #remaining = 0;
  #stream: OutputChunk['stream'] = 'stdout';

  /** Reads the next bytes of the stream, and returns the pieces of output in them. Throws if they are not multiplexed. */
  push(chunk: Buffer): OutputChunk[] {
    const pieces: OutputChunk[] = [];
    let runStream: OutputChunk['stream'] = 'stdout';
    let runStart = 0;
    let runEnd = 0;
    let position = 0;
    while (position < chunk.length) {
      if (this.#remaining === 0) {
        position = this.#readHeader(chunk, position);
        continue;
      }
      const end = Math.min(position + this.#remaining, chunk.length);
      const length = end - position;
      if (length <= smallFrame && runEnd > runStart && runStream === this.#stream) {
        chunk.copyWithin(runEnd, position, end);
        runEnd += length;
      } else {
        if (runEnd > runStart) pieces.push({ stream: runStream, data: chunk.subarray(runStart, runEnd) });
        runStream = this.#stream;
        runStart = position;
        runEnd = end;
      }
      this.#remaining -= length;
      position = end;
    }
    if (runEnd > runStart) pieces.push({ stream: runStream, data: chunk.subarray(runStart, runEnd) });
    return pieces;
  }

  /** Reads a header, or the part of it that has arrived, and returns the position after it. */
  #readHeader(chunk: Buffer, position: number): number {
    if (this.#headerLength === 0 && position + headerSize <= chunk.length) {
      this.#beginFrame(chunk, position);
      return position + headerSize;
    }
    const copied = chunk.copy(this.#header, this.#headerLength, position);
    this.#headerLength += copied;
    if (this.#headerLength === headerSize) {
      this.#headerLength = 0;
      this.#beginFrame(this.#header, 0);
    }
    return position + copied;
  }

  #beginFrame(buffer: Buffer, position: number): void {
    const word = buffer.readUInt32BE(position);
    const type = word >>> 24;
    if (type > 3 || (word & 0xff_ffff) !== 0) {
      throw new Error('the stream of the engine is not multiplexed; was the process given a terminal?');
    }
    // 0 is echoed standard input, which is never asked for; 3 is an error of the engine itself.
    this.#stream = type >= 2 ? 'stderr' : 'stdout';
    this.#remaining = buffer.readUInt32BE(position + 4);
  }
}

/**
 * Iterates the output in a hijacked connection, with backpressure: it reads at most 256 KiB ahead of the consumer. Ends when
 * the connection ends or fails, and destroys `source` when the consumer stops.
 */
export async function* demultiplex(source: Readable): AsyncGenerator<OutputChunk, void, undefined> {
  const demultiplexer = new Demultiplexer();
  for await (const chunk of chunksOf(source)) {
    for (const piece of demultiplexer.push(chunk)) yield piece;
  }
}

/** Iterates the output of a terminal in a hijacked connection, which is not multiplexed; otherwise like {@link demultiplex}. */
export async function* readTerminal(source: Readable): AsyncGenerator<OutputChunk, void, undefined> {
  for await (const data of chunksOf(source)) yield { stream: 'stdout', data };
}

/** Iterates chunks as the source emits them. A stream's own iterator copies queued chunks, and throws if the connection is cut. */
async function* chunksOf(source: Readable): AsyncGenerator<Buffer, void, undefined> {
  const queue: Buffer[] = [];
  let queued = 0;
  let ended = source.destroyed;
  let wake = (): void => undefined;
  const onData = (chunk: Buffer): void => {
    queue.push(chunk);
    queued += chunk.length;
    if (queued >= highWater) source.pause();
    wake();
  };
  const onEnd = (): void => {
    ended = true;
    wake();
  };
  source.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
  try {
    for (;;) {
      for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
        queued -= chunk.length;
        yield chunk;
      }
      if (ended) return;
      source.resume();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    source.off('data', onData).off('end', onEnd).off('close', onEnd);
    // The error listener stays, because a connection may fail while it is destroyed.
    source.destroy();
  }
}
