import { describe, expect, it, test } from 'vitest';
import { Failure, type FailureCode } from '../../../src/failure.ts';
import {
  dropVoid,
  findHopeless,
  isOwnFailure,
  noteFailure,
  readNotes,
  writeNotes,
  type FailureNote,
} from '../../../src/record/failed-packages.ts';

const day = 24 * 3600 * 1000;
const first = Date.parse('2026-02-03T04:05:06.789Z');
const bad = { inputs: 'a', partition: 'p', packages: [{ cpv: 'app-misc/bad-1' }] };

/** The notes after failures of `bad` at these times. */
function failedAt(...times: readonly number[]): readonly FailureNote[] {
  return times.reduce<readonly FailureNote[]>(
    (notes, at) => noteFailure(notes, { ...bad, at, log: `log ${at - first}` }),
    [],
  );
}

describe('a package', () => {
  it('is hopeless after two failures with the same inputs, and the note has the last log', () => {
    expect(findHopeless(failedAt(first), bad, first)).toBeUndefined();
    expect(findHopeless(failedAt(first, first + 5), bad, first + 6)).toEqual({
      ...{ inputs: 'a', partition: 'p', packages: ['app-misc/bad-1'], failures: 2 },
      ...{ last: '2026-02-03T04:05:06.794Z', log: 'log 5' },
    });
  });

  it('is not hopeless with other inputs', () => {
    expect(findHopeless(failedAt(first, first), { inputs: 'b' }, first)).toBeUndefined();
  });

  it('is hopeless for seven days after each further failure', () => {
    const notes = failedAt(first, first);
    expect(findHopeless(notes, bad, first + 7 * day - 1)).toBeDefined();
    expect(findHopeless(notes, bad, first + 7 * day)).toBeUndefined();
    const again = noteFailure(notes, { ...bad, at: first + 8 * day, log: undefined });
    expect(findHopeless(again, bad, first + 8 * day)).toMatchObject({ failures: 3, log: null });
  });

  it('is not hopeless for longer if the clock was set back by more than that', () => {
    expect(findHopeless(failedAt(first, first), bad, first - day)).toBeDefined();
    expect(findHopeless(failedAt(first, first), bad, first - 7 * day)).toBeUndefined();
  });

  it('that succeeded has no note any more, whatever its inputs were', () => {
    const notes = noteFailure(failedAt(first), { ...bad, inputs: 'b', at: first, log: undefined });
    expect(notes).toHaveLength(2);
    expect(dropVoid(notes, bad)).toEqual([]);
    expect(dropVoid(notes, { ...bad, partition: 'q' })).toEqual(notes);
    expect(dropVoid(notes, { ...bad, packages: [{ cpv: 'app-misc/bad-2' }] })).toEqual(notes);
    expect(dropVoid(notes, { ...bad, packages: [...bad.packages, { cpv: 'a/b-1' }] })).toEqual(notes);
  });
});

test('a note is dropped 90 days after the last failure, when another failure is noted', () => {
  const other = { inputs: 'b', partition: 'p', packages: [{ cpv: 'app-misc/other-1' }], log: undefined };
  const after = (days: number) => noteFailure(failedAt(first), { ...other, at: first + days * day });
  expect(after(89).map(({ inputs }) => inputs)).toEqual(['a', 'b']);
  expect(after(90).map(({ inputs }) => inputs)).toEqual(['b']);
});

test.each<[readonly FailureCode[], boolean]>([
  [['build-failed'], true],
  [['build-failed', 'build-failed'], true],
  [['build-failed', 'disk-full'], false],
  [['out-of-memory'], false],
  [['disk-full'], false],
  [['tmpfs-full'], false],
  [['fetch-failed'], false],
  [['engine-lost'], false],
  [['container-lost'], false],
  [['hook-failed'], false],
  [['emerge-failed'], false],
  [['store-corrupt'], false],
  [['package-refused'], true],
  [[], false],
])('failures with the codes %j count against a package: %s', (codes, expected) => {
  expect(isOwnFailure(codes.map(failureWith), bad)).toBe(expected);
});

function failureWith(code: FailureCode): Failure {
  return new Failure(code, 'failed', { causedBy: 'app-misc/bad-1' });
}

test.each([undefined, 'dev-libs/other-1'])(
  'a failure whose cause is %s does not count against a package',
  (causedBy) => {
    expect(isOwnFailure([new Failure('build-failed', 'failed', { causedBy })], bad)).toBe(false);
  },
);

describe('the file of notes', () => {
  it('is read as it was written', () => {
    const notes = failedAt(first, first);
    expect(readNotes(writeNotes(notes))).toEqual({ type: 'read', notes });
  });

  it.each([
    ['', 'it is damaged', false],
    ['{"format":1}', 'it is damaged', false],
    ['{"format":1,"packages":[{"inputs":"a"}]}', 'it is damaged', false],
    ['{"format":2,"packages":[]}', 'it has format 2, and this program reads format 1', true],
  ])('is refused with its fault: %s', (text, why, isLater) => {
    expect(readNotes(text)).toEqual({ type: 'refused', why, isLater });
  });
});
