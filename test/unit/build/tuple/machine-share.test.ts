import { describe, expect, it } from 'vitest';
import { defaultJobs, shareMachine } from '../../../../src/build/tuple/machine-share.ts';

const GiB = 1024 ** 3;
const none = { memory: undefined, cpus: undefined };

describe('how many containers work at once', () => {
  it.each([
    ['as many as there are processors', { cpus: 8, memory: 64 * GiB }, none, 8],
    ['no more than memory is for', { cpus: 16, memory: 9 * GiB }, none, 4],
    ['one at least', { cpus: 4, memory: GiB }, none, 1],
    [
      'no more than their limits of memory leave room for',
      { cpus: 16, memory: 64 * GiB },
      { ...none, memory: 20 * GiB },
      3,
    ],
    ['as memory is for where a limit is lower', { cpus: 16, memory: 8 * GiB }, { ...none, memory: GiB }, 4],
    ['as many as share the processors', { cpus: 12, memory: 64 * GiB }, { ...none, cpus: 3.5 }, 3],
    ['all processors where each has less than one', { cpus: 4, memory: 64 * GiB }, { ...none, cpus: 0.5 }, 4],
    ['one where the limit is more than there is', { cpus: 4, memory: 64 * GiB }, { ...none, cpus: 99 }, 1],
  ])('is %s', (_, machine, limits, expected) => {
    expect(defaultJobs(machine, limits)).toBe(expected);
  });
});

describe('the share of one container', () => {
  it.each([
    [8, 1, undefined, 8],
    [8, 2, undefined, 4],
    [8, 3, undefined, 3],
    [2, 5, undefined, 1],
    [8, 1, 2.5, 3],
    [8, 4, 0.5, 1],
  ])('of %i processors with %i at work and a limit of %s is %i', (cpus, atOnce, limit, jobs) => {
    expect(shareMachine({ cpus, memory: GiB }, atOnce, { cpus: limit })).toEqual({ jobs, load: cpus });
  });
});
