import { expect, test } from 'vitest';
import { BuildRecorder } from '../../../src/record/build-recorder.ts';
import { readBuildRecord, writeBuildRecord } from '../../../src/record/build-record.ts';
import { taskDuration } from '../../../src/record/task-duration.ts';

const record = new BuildRecorder(() => 0).read({ program: { name: 'zentoo', version: '1' }, site: 'home' }, []);

test.each<[string, string, RegExp]>([
  ['an empty file', '', /not a build record/],
  ['a text that is not JSON', '{"format": 1', /not a build record/],
  ['JSON without a format', '{"program": {}}', /not a build record/],
  ['a later format', writeBuildRecord({ ...record, format: 2 as 1 }), /has format 2, and this program reads format 1/],
  ['a record that lacks a field', '{"format": 1}', /damaged/],
  ['a record with an unknown field', JSON.stringify({ ...record, more: 1 }), /damaged/],
  ['a record with a time that is not one', JSON.stringify({ ...record, ended: 'yesterday' }), /damaged/],
])('%s is refused', (_what, text, why) => {
  expect(readBuildRecord(text)).toEqual({ type: 'refused', why: expect.stringMatching(why) as string });
});

test('only a task that succeeded has a duration for estimates', () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const identity = { kind: 'packages', place: 'generic', name: 'app-misc/greet', version: '1.0' };
  const record = (result: 'done' | 'failed') => {
    const task = new BuildRecorder(() => now).beginTask(identity, 'x');
    now += 12_500;
    return taskDuration(task.end(result));
  };
  expect(record('done')).toEqual({ ...identity, seconds: 12.5, ended: Date.parse('2026-01-01T00:00:12.500Z') });
  expect(record('failed')).toBeUndefined();
});
