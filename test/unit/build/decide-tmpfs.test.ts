import { describe, expect, it } from 'vitest';
import { decideTmpfs, describeWork, requiredFreeGib, type MemoryAmounts } from '../../../src/build/decide-tmpfs.ts';
import type { TmpfsSetting } from '../../../src/quantity.ts';

const GiB = 1024 ** 3;
const named = (setting: string) => `tmpfs: ${setting}`;
const decide = (setting: TmpfsSetting, amounts: Partial<MemoryAmounts> = {}) =>
  decideTmpfs(setting, { available: 16 * GiB, jobs: 1, keepFailed: false, ...amounts }, named);

describe('the tmpfs that packages are built on', () => {
  it.each([
    ['half of what is free', {}, 8 * GiB],
    ['shared by all containers', { jobs: 4 }, 2 * GiB],
    ['no more than half of what a container may use', { limit: 6 * GiB }, 3 * GiB],
    ['whatever that may use besides', { limit: 60 * GiB }, 8 * GiB],
    ['as little as 1 GiB', { available: 2 * GiB }, GiB],
    ['whole mebibytes', { available: 3 * GiB + 5 * 1024 ** 2 }, 1.5 * GiB + 2 * 1024 ** 2],
  ])('is %s', (_what, amounts, size) => {
    expect(decide('auto', amounts)).toEqual({ size });
  });

  it.each([
    [
      'memory is short',
      { available: 2 * GiB - 1 },
      'as memory is short: 1.9 GiB are free, and a tmpfs gets half of it, 1 GiB at least; tmpfs: SIZE builds in memory all the same, tmpfs: off says nothing of it',
    ],
    [
      'too many share it',
      { jobs: 9 },
      'as memory is short: 16 GiB are free for 9 containers at once, and a tmpfs gets half of it, 1 GiB at least; ',
    ],
    [
      'a container may use too little',
      { limit: 1.5 * GiB },
      'as memory is short: 16 GiB are free, and a container may use 1.5 GiB, and a tmpfs gets half of it, ',
    ],
    [
      'nobody can tell what is free',
      { available: undefined },
      "as the free memory of the engine's machine cannot be seen from here; tmpfs: SIZE builds in memory all the same",
    ],
    ['a container is to be kept', { keepFailed: true }, 'with --keep-failed, as the container that is kept would lose'],
  ])('is none where %s, and that is said', (_why, amounts, note) => {
    const decision = decide('auto', amounts);
    expect(decision.size).toBeUndefined();
    expect(decision.note).toContain(`packages are built on a volume and not in memory, ${note}`);
  });

  it('is none where it is off, without a word', () => {
    expect(decide('off', { available: undefined })).toEqual({ size: undefined });
    expect(decide('off', { keepFailed: true })).toEqual({ size: undefined });
  });

  it.each([
    [4 * GiB, {}, undefined],
    [4 * GiB, { available: undefined }, undefined],
    [1024 ** 2, { available: 1024 ** 2 }, undefined],
    [17 * GiB, {}, 'a tmpfs of 17 GiB was asked for, and 16 GiB are free'],
    [5 * GiB, { jobs: 4 }, 'a tmpfs of 5 GiB for each of 4 containers was asked for, and 16 GiB are free'],
    [5 * GiB, { limit: 4 * GiB }, 'a tmpfs of 5 GiB was asked for, and a container may use 4 GiB of memory'],
  ])('is as large as it is said to be: %d with %j', (size, amounts, warning) => {
    expect(decide(size, amounts)).toEqual({ size, ...(warning === undefined ? {} : { warning }) });
  });

  it('is given up for a container that is kept even where its size is said', () => {
    expect(decide(GiB, { keepFailed: true })).toMatchObject({ size: undefined, note: expect.any(String) });
  });

  it('is told in a list of what would be done', () => {
    const words = [
      { size: GiB },
      { size: undefined },
      { size: undefined, note: 'why' },
      { size: GiB, warning: 'so' },
    ].map((decision) => describeWork(decision, '/work'));
    expect(words).toEqual([
      'a tmpfs of 1 GiB at /work',
      'a volume of its own at /work',
      'a volume of its own at /work (why)',
      'a tmpfs of 1 GiB at /work (so)',
    ]);
  });

  it('has to have a quarter left for one more package, and any room at all where it is small', () => {
    expect([1, 3.9, 4, 16, 100].map((size) => requiredFreeGib({ size: size * GiB }, true))).toEqual([0, 0, 1, 4, 25]);
  });

  it('leaves Portage to its own devices where there is none, or emerge has no option for it', () => {
    expect([requiredFreeGib(undefined, true), requiredFreeGib({ size: GiB }, false)]).toEqual([undefined, undefined]);
  });
});
