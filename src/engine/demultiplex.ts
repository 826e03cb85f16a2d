import type { Readable } from 'node:stream';

import type { OutputChunk } from './engine.ts';

/** Bytes in front of every frame: stream, three zeros, length in big-endian order. */
const headerSize = 8;

/** Frames up to this many bytes are moved together within the buffer they arrived in; above, an object is cheaper. */
const smallFrame = 4096;

/** Bytes that may wait for the consumer before the source is paused. */
const highWater = 256 * 1024;

/**
 * Reads the engine's multiplexed stream of a process without terminal (Docker Engine API, "Attach to a container",
 * stream format) in one pass. Cuts may fall anywhere, and a frame is passed on in the pieces that it arrives in;
 * neighbouring small frames of one stream come as one piece. What it returns lies in the buffers it was given, which
 * it changes: they are its own from then on.
 */
export class Demultiplexer {
  readonly #header = Buffer.alloc(headerSize);
  #headerLength = 0;
  #remaining = 0;
  #stream: OutputChunk['stream'] = 'stdout';

  /** The pieces of output in the next bytes of the stream. Throws when they are not multiplexed. */
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

  /** Takes what there is of a header and answers with the position after it. */
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
    // 0 is standard input echoed back, which never comes here, and 3 an error of the engine itself.
    this.#stream = type >= 2 ? 'stderr' : 'stdout';
    this.#remaining = buffer.readUInt32BE(position + 4);
  }
}

/**
 * The output in a hijacked connection, with backpressure: `source` is not read further than 256 KiB ahead of the
 * consumer. Ends when the connection does, whether orderly or not, and destroys `source` when the consumer stops.
 */
export async function* demultiplex(source: Readable): AsyncGenerator<OutputChunk, void, undefined> {
  const demultiplexer = new Demultiplexer();
  for await (const chunk of chunksOf(source)) {
    for (const piece of demultiplexer.push(chunk)) yield piece;
  }
}

/** The output of a terminal in a hijacked connection, which is not multiplexed: bytes as they are, read as {@link demultiplex} does. */
export async function* readTerminal(source: Readable): AsyncGenerator<OutputChunk, void, undefined> {
  for await (const data of chunksOf(source)) yield { stream: 'stdout', data };
}

/**
 * Chunks as the source emits them. The iterator of a stream would join those that have queued up, with a copy, and it
 * throws where a connection is cut.
 */
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
    // The listener for errors stays: a connection may still fail while it is being destroyed.
    source.destroy();
  }
}
