import { expect, test } from 'vitest';
import { Failure } from '../../../../src/failure.ts';
import type { WorkOrder } from '../../../../src/plan/work-order.ts';
import { FailureNotes } from '../../../../src/zentoo/command/failure-notes.ts';

const failure = new Failure('build-failed', 'failed to emerge', { causedBy: 'a/bad-1' });
const order: WorkOrder = {
  ...{ kind: 'packages', tuple: 't', buildmaster: 'b', partition: 'p', inputs: 'i', dependencies: [] },
  packages: ['c/ring-2', 'a/bad-1'].map((cpv) => ({ cpv, slot: '0', repository: 'gentoo', root: '/' })),
  abilities: { observable: false, measuresSpace: false },
};

/** The notes after two failures of an order, for another build. */
function failTwice(failed: WorkOrder, ...retry: ConstructorParameters<typeof FailureNotes>): FailureNotes {
  const first = new FailureNotes([], () => Date.parse('2026-02-03T04:05:06Z'));
  for (const log of ['one', 'two']) first.fail(failed, failure, log);
  const next = new FailureNotes(...retry);
  next.load(first.update([]));
  return next;
}

const now = () => Date.parse('2026-02-04T00:00:00Z');

test('a package is named with those that it was compiled with', () => {
  expect(() => failTwice(order, [], now).check(order)).toThrow(
    'failed to emerge a/bad-1 with c/ring-2: it failed twice with the same inputs, last on 2026-02-03; log: two',
  );
});

test.each(['a/bad', 'c/ring', '=c/ring-2'])(
  'packages that were compiled together are tried again with --retry %s',
  (atom) => {
    expect(() => failTwice(order, [atom], now).check(order)).not.toThrow();
  },
);

test.each<[string, WorkOrder]>([
  ['whose inputs are not known', { ...order, inputs: '' }],
  ['that compiles no packages', { kind: 'buildmaster', tuple: 't', buildmaster: 'b' }],
])('an order %s has no notes', (_what, unknown) => {
  const notes = failTwice(unknown, [], now);
  expect(() => notes.check(unknown)).not.toThrow();
  notes.succeed(unknown);
  expect(notes.hasChanged).toBe(false);
});

test('changes are made in the notes as they are at the end', () => {
  const notes = failTwice(order, 'all', now);
  notes.succeed(order);
  const other = {
    inputs: 'x',
    partition: 'p',
    packages: ['o/o-1'],
    failures: 1,
    last: '2026-02-03T00:00:00Z',
    log: null,
  };
  expect(notes.update([other])).toEqual([other]);
});
