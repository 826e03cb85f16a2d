import { describe, expect, it } from 'vitest';
import { chooseTmpfs } from '../../../../src/zentoo/run/choose-tmpfs.ts';
import type { Atom } from '../../../../src/portage/atom.ts';
import type { TmpfsSetting } from '../../../../src/quantity.ts';
import { SiteWorld } from '../site-world.ts';

const bigPackages = ['www-client/firefox'] as Atom[];

async function choose(
  tmpfs: TmpfsSetting,
  { keepFailed = false, memory }: { keepFailed?: boolean; memory?: number } = {},
) {
  using world = new SiteWorld();
  world.engine.engineInfo = { ...world.engine.engineInfo, memory: 12_345 };
  const site = world.run({ tmpfs, limits: { memory, cpus: undefined, bigPackages } });
  const run = await chooseTmpfs({ ...site, keepFailed }, 2);
  return { tmpfs: run.tmpfs, notes: world.messages('note'), warnings: world.messages('warning') };
}

describe('the tmpfs of a run', () => {
  it('builds the big packages of site.yaml on a volume', async () => {
    expect(await choose(4 * 1024 ** 3)).toEqual({
      tmpfs: {
        directory: '/var/tmp/portage',
        excluded: '/var/tmp/portage/.gentoo-builder',
        size: 4 * 1024 ** 3,
        bigPackages,
      },
      notes: [],
      warnings: [],
    });
  });

  it.each([
    ['auto', false, 'is unknown; to build in memory anyway, use tmpfs: SIZE in site.yaml'],
    [4 * 1024 ** 3, true, 'because of --keep-failed'],
  ] as const)('is off, and one note gives the reason: %s', async (setting, keepFailed, why) => {
    const { tmpfs, notes } = await choose(setting, { keepFailed });
    expect(tmpfs).toBeUndefined();
    expect(notes).toEqual([expect.stringContaining(why)]);
  });

  it('brings a warning if a container may not use as much memory', async () => {
    const { tmpfs, warnings } = await choose(4 * 1024 ** 3, { memory: 1024 ** 3 });
    expect(tmpfs?.size).toBe(4 * 1024 ** 3);
    expect(warnings).toEqual([
      'a tmpfs of 4 GiB for each of 2 containers was asked for, but a container may use only 1 GiB of memory',
    ]);
  });
});
