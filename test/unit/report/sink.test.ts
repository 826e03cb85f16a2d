import { expect, test } from 'vitest';

import { openSink } from '../../../src/report/sink.ts';
import { CapturedStream } from './captured-stream.ts';

test('a fast reader makes no writer wait', () => {
  const stream = new CapturedStream();
  expect(openSink(stream).write('text\n')).toBeUndefined();
  expect(stream.text).toBe('text\n');
});

test('writers wait until a slow reader has caught up', async () => {
  const stream = new CapturedStream({ waitForReader: true, highWaterMark: 8 });
  const sink = openSink(stream);
  expect(sink.write('1234')).toBeUndefined();
  const waiting = sink.write('56789');
  expect(waiting).toBeInstanceOf(Promise);
  expect(sink.write('more')).toBe(waiting);
  stream.read();
  await waiting;
  expect(stream.text).toBe('123456789more');
  expect(sink.write('more')).toBeUndefined();
});

test('flush waits for unread output', async () => {
  const stream = new CapturedStream({ waitForReader: true });
  const sink = openSink(stream);
  void sink.write('text');
  let flushed = false;
  const flushing = sink.flush().then(() => {
    flushed = true;
  });
  await new Promise(setImmediate);
  expect(flushed).toBe(false);
  stream.read();
  await flushing;
});

test('a reader that is gone is no error, and no writer waits', async () => {
  const stream = new CapturedStream({ waitForReader: true, highWaterMark: 1 });
  const sink = openSink(stream);
  const waiting = sink.write('text');
  const flushing = sink.flush();
  stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await waiting;
  await flushing;
  expect(sink.write('more')).toBeUndefined();
  await sink.flush();
  expect(stream.text).toBe('text');
});
