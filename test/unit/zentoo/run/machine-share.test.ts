import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultJobs, divideShare, shareMachine } from '../../../../src/zentoo/run/machine-share.ts';

const GiB = 1024 ** 3;
const none = { memory: undefined, cpus: undefined };

describe('the default number of containers at work', () => {
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
    [8, 3, undefined, 2],
    [2, 5, undefined, 1],
    [8, 1, 2.5, 2],
    [8, 4, 0.5, 1],
  ])('of %i processors with %i at work and a limit of %s is %i', (cpus, concurrency, limit, processes) => {
    const machine = { cpus, memory: 64 * GiB };
    expect(shareMachine(machine, concurrency, { ...none, cpus: limit })).toEqual({ processes, load: cpus });
  });

  it.each([
    ['16 processors alone, a whole system', 16, 64, 1, Infinity, { jobs: 4, makeJobs: 4 }],
    ['16 processors alone, one package', 16, 64, 1, 1, { jobs: 1, makeJobs: 16 }],
    ['16 processors alone, two packages', 16, 64, 1, 2, { jobs: 2, makeJobs: 8 }],
    ['64 processors with 16 GiB, 8 containers', 64, 16, 8, Infinity, { jobs: 1, makeJobs: 1 }],
    ['64 processors with 16 GiB alone', 64, 16, 1, Infinity, { jobs: 2, makeJobs: 4 }],
  ])('case 3.12: %s', (_what, cpus, memory, concurrency, count, expected) => {
    expect(divideShare(shareMachine({ cpus, memory: memory * GiB }, concurrency, none), count)).toEqual(expected);
  });

  it('case 3.12: all containers together run no more compilers than there are processors, or 2 GiB of memory', () => {
    const property = fc.property(
      ...[fc.integer({ min: 1, max: 256 }), fc.integer({ min: 1, max: 1024 })],
      ...[fc.integer({ min: 1, max: 64 }), fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(Infinity))],
      (cpus, memory, concurrency, count) => {
        const share = shareMachine({ cpus, memory: memory * GiB }, concurrency, none);
        const { jobs, makeJobs } = divideShare(share, count);
        expect(jobs).toBeLessThanOrEqual(count);
        expect(concurrency * jobs * makeJobs).toBeLessThanOrEqual(Math.max(concurrency, Math.min(cpus, memory / 2)));
      },
    );
    fc.assert(property);
  });

  it('case 3.12: a limit of memory limits the compilers of its container', () => {
    const machine = { cpus: 16, memory: 64 * GiB };
    expect(shareMachine(machine, 1, { ...none, memory: 8 * GiB }).processes).toBe(4);
  });
});
