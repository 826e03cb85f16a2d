import { describe, expect, it } from 'vitest';
import { Failure, Failures, failuresOf } from '../../src/failure.ts';

const first = new Failure('sync-failed', 'failed to sync');
const second = new Failure('usage', 'failed to read x', {
  hint: 'write y',
  cause: 'z',
  place: { file: 'site.yaml', line: 1, column: 2 },
  logTail: ['last'],
});

describe('a failure', () => {
  it('has a code, an exit status and details', () => {
    expect(second).toMatchObject({
      ...{ name: 'Failure', code: 'usage', exitStatus: 2, message: 'failed to read x', hint: 'write y', cause: 'z' },
      ...{ place: { file: 'site.yaml', line: 1, column: 2 }, logTail: ['last'] },
    });
  });

  it('may have no details', () => {
    expect([first.hint, first.place, first.logTail, 'cause' in first]).toEqual([undefined, undefined, [], false]);
  });
});

describe('the failures of an error', () => {
  it('are all of several failures, one failure, or none of a defect', () => {
    const several = new Failures([first, second]);
    expect([several.name, several.message]).toEqual(['Failures', 'failed to sync\nfailed to read x']);
    expect(failuresOf(several)).toEqual([first, second]);
    expect(failuresOf(first)).toEqual([first]);
    expect(failuresOf(new Error('a defect'))).toEqual([]);
    expect(failuresOf(undefined)).toEqual([]);
  });
});
