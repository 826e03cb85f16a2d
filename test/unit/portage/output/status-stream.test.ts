import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStatusSnapshot } from '../../../../src/portage/output/status-stream.ts';

/** As Portage 3.0.83 writes it. */
const snapshot = {
  type: 'snapshot',
  schema: 1,
  emerge_pid: 7,
  timestamp: 1767225600.5,
  jobs: { completed: 1, failed: 0, max: 2, merge_wait: 0, merges_pending: 1, running: 1, total: 4 },
  tasks: [
    {
      cpv: 'dev-libs/greeting-2.0',
      kind: 'build',
      binary: false,
      phase: 'compile',
      elapsed: 3.25,
      build_elapsed: 3.25,
      pid: 8,
    },
    { cpv: 'app-misc/greet-1.0', kind: 'merge', binary: true, phase: null, elapsed: null, merge_wait: false },
  ],
};

test('parses the running packages and the counts', () => {
  expect(parseStatusSnapshot(JSON.stringify(snapshot))).toEqual({
    completed: 1,
    total: 4,
    packages: [
      { cpv: 'dev-libs/greeting-2.0', phase: 'compile', elapsed: 3.25, binary: false },
      { cpv: 'app-misc/greet-1.0', phase: 'merge', elapsed: 0, binary: true },
    ],
  });
});

test.each([
  ['another type', { ...snapshot, type: 'event' }],
  ['no type', { ...snapshot, type: undefined }],
  ['no jobs', { ...snapshot, jobs: null }],
  ['jobs that are no numbers', { ...snapshot, jobs: { completed: '1', total: 4 } }],
  ['no tasks', { ...snapshot, tasks: {} }],
  ['a list', [snapshot]],
  ['null', null],
])('ignores %s', (_name, value) => {
  expect(parseStatusSnapshot(JSON.stringify(value))).toBeUndefined();
});

test('ignores an incomplete snapshot of any length', () => {
  const text = JSON.stringify(snapshot);
  for (let length = 0; length < text.length; length++)
    expect(parseStatusSnapshot(text.slice(0, length))).toBeUndefined();
});

test('leaves out tasks of another shape, and keeps the others', () => {
  const tasks = [null, 7, [], { cpv: '' }, { cpv: 1 }, ...snapshot.tasks];
  expect(parseStatusSnapshot(JSON.stringify({ ...snapshot, tasks }))?.packages).toHaveLength(2);
});

test('throws for no JSON', () => {
  fc.assert(fc.property(fc.json(), (text) => void parseStatusSnapshot(text)));
  fc.assert(
    fc.property(fc.jsonValue(), (tasks) => void parseStatusSnapshot(JSON.stringify({ ...snapshot, tasks: [tasks] }))),
  );
});
