import { describe, expect, it } from 'vitest';
import { makeDefaultVolume } from '../../../src/container/default-volumes.ts';
import { chooseMount } from '../../../src/container/mounts.ts';
import { BuildWorld } from '../builder/build-world.ts';

describe('a default volume', () => {
  it.each([
    ['tree', 'ebuild repository, so that it is fetched only once'],
    ['binpkgs', 'binary packages, so that nothing is compiled twice'],
    ['distfiles', 'sources, so that nothing is fetched twice'],
    ['logs', 'logs of all builds'],
    ['metadata', 'metadata of ebuilds, so that no ebuild is sourced twice'],
  ] as const)('for %s is created with a label, and reported once', async (role, purpose) => {
    using world = new BuildWorld();
    world.engine.volumes.clear();
    const choice = chooseMount(role, undefined, undefined);
    for (const _time of [1, 2]) await makeDefaultVolume(world.context, choice);
    expect(world.calls('createVolume')).toEqual([[choice.source, { 'gentoo-builder.volume': role }]]);
    expect(world.messages('note')).toEqual([`created the volume ${choice.source}: it keeps the ${purpose}`]);
  });

  it('is not created for a path of the host', async () => {
    using world = new BuildWorld();
    await makeDefaultVolume(world.context, chooseMount('logs', '/srv/logs', undefined));
    expect([world.calls('createVolume'), world.calls('inspectVolume'), world.events]).toEqual([[], [], []]);
  });
});
