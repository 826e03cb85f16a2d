import { expect, test } from 'vitest';

import { batchWrites } from '../../../src/report/batch.ts';
import type { Sink } from '../../../src/report/sink.ts';

function collect(answer?: Promise<void>): Sink & { readonly writes: string[] } {
  const writes: string[] = [];
  return {
    writes,
    write(text) {
      writes.push(text);
      return answer;
    },
    flush: () => Promise.resolve(),
  };
}

test('writes the texts of one turn of the event loop at once', async () => {
  const sink = collect();
  const batch = batchWrites(sink);
  void batch.write('one\n');
  void batch.write('two\n');
  await new Promise(setImmediate);
  void batch.write('three\n');
  await new Promise(setImmediate);
  expect(sink.writes).toEqual(['one\ntwo\n', 'three\n']);
  await batch.flush();
});

test('writes a large batch before the end of the turn, and writers wait for it', async () => {
  const slow = Promise.resolve();
  const sink = collect(slow);
  const batch = batchWrites(sink);
  expect(batch.write('x'.repeat(16_383))).toBeUndefined();
  expect(batch.write('y')).toBe(slow);
  expect(sink.writes).toHaveLength(1);
  await batch.flush();
});

test('flush writes the rest of the batch; later texts are written at once', async () => {
  const sink = collect();
  const batch = batchWrites(sink);
  void batch.write('one\n');
  await batch.flush();
  void batch.write('two\n');
  expect(sink.writes).toEqual(['one\n', 'two\n']);
});
