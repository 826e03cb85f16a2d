import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { demultiplex, Demultiplexer } from '../../../../src/engine/docker/demultiplex.ts';

const frame = (type: number, data: Uint8Array): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
};

// Frame lengths from 0 on, and around the size up to which frames are joined.
const lengthOfFrame = fc.oneof(fc.nat(40), fc.integer({ min: 4090, max: 4110 }), fc.nat(9000));
const frames = fc.array(
  fc
    .record({ type: fc.constantFrom(1, 2), length: lengthOfFrame, seed: fc.nat(255) })
    .map(({ type, length, seed }) => ({ type, data: pattern(length, seed) })),
  { maxLength: 30 },
);
const pattern = (length: number, seed: number): Buffer => {
  const data = Buffer.alloc(length);
  for (let at = 0; at < length; at++) data[at] = seed + at * 7 + (at >> 8);
  return data;
};
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 70_000 })), {
  minLength: 1,
});

/** Cuts bytes into pieces of the given sizes, repeatedly. Each piece is a copy, because the demultiplexer may change it. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let position = 0, index = 0; position < bytes.length; index++) {
    const length = lengths[index % lengths.length] ?? 1;
    chunks.push(Buffer.from(bytes.subarray(position, position + length)));
    position += length;
  }
  return chunks;
}

/** Joins neighbouring pieces of the same stream; the order of the streams stays. */
function join(pieces: Iterable<{ stream: string; data: Uint8Array }>): { stream: string; data: Buffer }[] {
  const joined: { stream: string; parts: Uint8Array[] }[] = [];
  for (const { stream, data } of pieces) {
    if (data.length === 0) continue;
    if (joined.at(-1)?.stream === stream) joined.at(-1)?.parts.push(data);
    else joined.push({ stream, parts: [data] });
  }
  return joined.map(({ stream, parts }) => ({ stream, data: Buffer.concat(parts) }));
}

describe('a demultiplexer', () => {
  test('gives the same output however the stream is cut', () => {
    fc.assert(
      fc.property(frames, sizes, (made, lengths) => {
        const chunks = cut(Buffer.concat(made.map(({ type, data }) => frame(type, data))), lengths);
        const demultiplexer = new Demultiplexer();
        const output = join(chunks.flatMap((chunk) => demultiplexer.push(chunk)));
        const expected = join(made.map(({ type, data }) => ({ stream: type === 1 ? 'stdout' : 'stderr', data })));
        expect(output.map(({ stream }) => stream)).toEqual(expected.map(({ stream }) => stream));
        // Compared as a whole: an assertion on each byte takes a hundred times as long.
        expect(output.every(({ data }, index) => expected[index]?.data.equals(data))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('joins neighbouring small frames', () => {
    const line = Buffer.from('a line of output\n');
    const chunk = Buffer.concat(Array.from({ length: 1000 }, () => frame(1, line)));
    const pieces = new Demultiplexer().push(chunk);
    expect(pieces.map(({ data }) => data.length)).toEqual([1000 * line.length]);
  });

  test('passes a frame on before it is complete', () => {
    const demultiplexer = new Demultiplexer();
    const bytes = frame(1, Buffer.alloc(2 ** 20, 'x'));
    const pieces = cut(bytes, [65_536]).map((chunk) =>
      demultiplexer.push(chunk).reduce((sum, { data }) => sum + data.length, 0),
    );
    expect(pieces[0]).toBe(65_536 - 8);
    expect(pieces.reduce((sum, length) => sum + length)).toBe(2 ** 20);
  });

  test("puts the engine's own error stream on standard error", () => {
    expect(new Demultiplexer().push(frame(3, Buffer.from('x')))[0]?.stream).toBe('stderr');
  });

  test('throws if the bytes are not multiplexed, as those of a terminal', () => {
    expect(() => new Demultiplexer().push(Buffer.from('root@host:/# '))).toThrow('not multiplexed');
  });
});

describe('the output of a connection', () => {
  test('is read only as fast as the consumer takes it', async () => {
    const source = new PassThrough({ highWaterMark: 1024 });
    const chunk = (): Buffer => frame(1, Buffer.alloc(64 * 1024));
    let written = 0;
    const output = demultiplex(source);
    const write = async (): Promise<void> => {
      for (; written < 200; written++) if (!source.write(chunk())) await once(source, 'drain');
      source.end();
    };
    const writing = write();
    await output.next();
    for (let turns = 0; turns < 50; turns++) await turn();
    expect(written).toBeLessThan(20);
    let length = 64 * 1024;
    for await (const { data } of output) length += data.length;
    await writing;
    expect(length).toBe(200 * 64 * 1024);
  });

  test('is complete up to the point where the connection is cut', async () => {
    const source = new PassThrough();
    source.write(frame(1, Buffer.from('all')));
    source.write(frame(2, Buffer.from('of this')).subarray(0, 12));
    const pieces: string[] = [];
    for await (const { data } of demultiplex(source)) {
      pieces.push(data.toString());
      if (pieces.length === 2) source.destroy(new Error('cut'));
    }
    expect(pieces).toEqual(['all', 'of t']);
  });

  test('is empty if the connection was gone before', async () => {
    const source = new PassThrough();
    source.destroy();
    expect(await demultiplex(source).next()).toMatchObject({ done: true });
  });

  test('closes the connection if the consumer stops, and leaves no listeners', async () => {
    const source = new PassThrough();
    source.write(frame(1, Buffer.from('first')));
    for await (const piece of demultiplex(source)) if (piece.data.length > 0) break;
    expect(source.destroyed).toBe(true);
    expect(source.listenerCount('data') + source.listenerCount('end') + source.listenerCount('close')).toBe(0);
  });
});
