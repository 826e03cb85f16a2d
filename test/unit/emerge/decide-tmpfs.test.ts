import { describe, expect, it } from 'vitest';
import {
  decideTmpfs,
  describeTmpfs,
  describeWorkDirectory,
  requiredFreeGib,
  type MemoryAmounts,
} from '../../../src/emerge/decide-tmpfs.ts';
import { reportTmpfs } from '../../../src/emerge/report-tmpfs.ts';
import { parsePackageArgument } from '../../../src/portage/atom.ts';
import type { Event } from '../../../src/report/event.ts';
import type { TmpfsSetting } from '../../../src/quantity.ts';

const GiB = 1024 ** 3;
const named = (setting: string) => `tmpfs: ${setting}`;
const decide = (setting: TmpfsSetting, amounts: Partial<MemoryAmounts> = {}) =>
  decideTmpfs(setting, { available: 16 * GiB, jobs: 1, keepFailed: false, ...amounts }, named);

describe('the tmpfs that packages are built on', () => {
  it.each([
    ['half of the free memory', {}, 8 * GiB],
    ['a share of that half for each container', { jobs: 4 }, 2 * GiB],
    ["at most half of a container's limit", { limit: 6 * GiB }, 3 * GiB],
    ['half of the free memory if the limit is higher', { limit: 60 * GiB }, 8 * GiB],
    ['at least 1 GiB', { available: 2 * GiB }, GiB],
    ['a whole number of mebibytes', { available: 3 * GiB + 5 * 1024 ** 2 }, 1.5 * GiB + 2 * 1024 ** 2],
  ])('is %s', (_what, amounts, size) => {
    expect(decide('auto', amounts)).toEqual({ size });
  });

  it.each([
    [
      'memory is short',
      { available: 2 * GiB - 1 },
      'because memory is short: 1.9 GiB are free; a tmpfs gets half of it and needs at least 1 GiB; to build in memory anyway, use tmpfs: SIZE; to silence this note, use tmpfs: off',
    ],
    [
      'too many containers share it',
      { jobs: 9 },
      'because memory is short: 16 GiB are free for 9 containers at once; a tmpfs gets half of it and needs at least 1 GiB; ',
    ],
    [
      'a container may use too little',
      { limit: 1.5 * GiB },
      'because memory is short: 16 GiB are free, and a container may use 1.5 GiB; a tmpfs gets half of it ',
    ],
    [
      'memory is short, but not because of the limit of a container',
      { available: GiB, limit: 2 * GiB },
      'because memory is short: 1 GiB are free; a tmpfs gets half of it ',
    ],
    [
      'the free memory is unknown',
      { available: undefined },
      "because the free memory of the engine's machine is unknown; to build in memory anyway, use tmpfs: SIZE",
    ],
    [
      'the container of a failed build is kept',
      { keepFailed: true },
      'because of --keep-failed: when the kept container stops, it would lose the files that are in memory',
    ],
  ])('is off with a note if %s', (_why, amounts, note) => {
    const decision = decide('auto', amounts);
    expect(decision.size).toBeUndefined();
    expect(decision.note).toContain(`packages are built on a volume, not in memory, ${note}`);
  });

  it('is off without a note if the user switches it off', () => {
    expect(decide('off', { available: undefined })).toEqual({ size: undefined });
    expect(decide('off', { keepFailed: true })).toEqual({ size: undefined });
  });

  it.each([
    [4 * GiB, {}, undefined],
    [4 * GiB, { available: undefined }, undefined],
    [1024 ** 2, { available: 1024 ** 2 }, undefined],
    [4 * GiB, { limit: 4 * GiB }, undefined],
    [17 * GiB, {}, 'a tmpfs of 17 GiB was asked for, but only 16 GiB are free'],
    [5 * GiB, { jobs: 4 }, 'a tmpfs of 5 GiB for each of 4 containers was asked for, but only 16 GiB are free'],
    [5 * GiB, { limit: 4 * GiB }, 'a tmpfs of 5 GiB was asked for, but a container may use only 4 GiB of memory'],
  ])('has the size that the user sets, with a warning if that is too large: %d with %j', (size, amounts, warning) => {
    expect(decide(size, amounts)).toEqual({ size, ...(warning === undefined ? {} : { warning }) });
  });

  it('is off if the container of a failed build is kept, even if the user sets a size', () => {
    expect(decide(GiB, { keepFailed: true })).toMatchObject({ size: undefined, note: expect.any(String) });
  });

  it('is described for a dry run', () => {
    const words = [
      { size: GiB },
      { size: undefined },
      { size: undefined, note: 'why' },
      { size: GiB, warning: 'so' },
    ].map((decision) => describeWorkDirectory(decision, '/work'));
    expect(words).toEqual([
      'a tmpfs of 1 GiB at /work',
      'a new work volume at /work',
      'a new work volume at /work (why)',
      'a tmpfs of 1 GiB at /work (so)',
    ]);
  });

  it('is reported as a note or as a warning, or not at all', async () => {
    const events: Event[] = [];
    const report = (event: Event) => void events.push(event);
    await reportTmpfs({ report }, { size: GiB });
    await reportTmpfs({ report }, { size: undefined, note: 'why' });
    await reportTmpfs({ report }, { size: GiB, warning: 'so' });
    expect(events).toEqual([
      { type: 'note', message: 'why' },
      { type: 'warning', message: 'so' },
    ]);
  });

  it("is at Portage's directory, with the program's own files and the big packages apart", () => {
    const big = parsePackageArgument('dev-lang/rust');
    const bigPackages = big.ok ? [big.value as never] : [];
    const excluded = '/var/tmp/portage/.gentoo-builder';
    expect(describeTmpfs(GiB, bigPackages)).toEqual({
      directory: '/var/tmp/portage',
      excluded,
      size: GiB,
      bigPackages,
    });
    expect(describeTmpfs(GiB)).toMatchObject({ bigPackages: [] });
    expect(describeTmpfs(undefined, bigPackages)).toBeUndefined();
  });

  it('must have a quarter free for one more package; a small tmpfs needs no free space', () => {
    expect([1, 3.9, 4, 16, 100].map((size) => requiredFreeGib({ size: size * GiB }, true))).toEqual([0, 0, 1, 4, 25]);
  });

  it("leaves emerge's own limit of free space without a tmpfs, or if emerge does not have the option", () => {
    expect([requiredFreeGib(undefined, true), requiredFreeGib({ size: GiB }, false)]).toEqual([undefined, undefined]);
  });
});
