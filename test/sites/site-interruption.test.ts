import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownerLabel } from '../../src/container/workspace.ts';
import { containersWith } from '../support/builder.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { faultsConf, makeTrees, siteYaml, ZentooSite, type SharedTrees } from '../support/zentoo-site.ts';

describe('zentoo build, interrupted', () => {
  const site = new ZentooSite('interrupted');
  let trees: SharedTrees & AsyncDisposable;
  let firstWords = '';

  beforeAll(async () => {
    trees = await makeTrees();
    site.write('site.yaml', siteYaml(site, trees, { stages: `{ s: { image: ${stage}, optimize: toolchain } }` }));
    const tuples = ['plain-base-plain-hanging', 'plain-base-waits-clock', 'plain-base-plain-clock'];
    site.write('config/tuples', tuples.join('\n'));
    site.write('config/sets/hanging', 'test-fault/hangs\n');
    site.write('config/sets/clock', 'app-misc/timepiece:2\n');
    site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
    site.branch('buildhooks', 'waits', { assemble: '#!/bin/sh\necho waiting here\nsleep infinity\n' });
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it.each([
    ['a compilation', 'plain-base-plain-hanging', [], /Emerging .*test-fault\/hangs/],
    ['a hook of an assembly', 'plain-base-waits-clock', [], /^(?:\S+ \| )?waiting here$/m],
    [
      'an archive',
      'plain-base-plain-clock',
      ['--output', 'archive'],
      /: archive \S+\/plain-base-plain-clock\.tar\.zst \.\.\./,
    ],
  ] as const)('leaves nothing of %s behind, and ends with 143', async (_what, tuple, options, when) => {
    const outcome = await site.interrupt(['build', ...options, tuple], when, 'SIGTERM');
    firstWords ||= outcome.stderr;
    expect(outcome.status, outcome.stderr).toBe(143);
    const store = `zentoo-${site.name}-binpkgs`;
    expect(await containersWith(store)).toEqual([]);
    const { Volumes } = await rawDocker().listVolumes({ filters: { label: [ownerLabel] } });
    const mine = (Volumes ?? []).filter(({ Labels }) => Labels?.[ownerLabel]?.includes(`"pid":${outcome.pid},`));
    expect(mine).toEqual([]);
    expect((await site.images()).filter((name) => !name.startsWith('buildmaster:plain-base-'))).toEqual([]);
    const output = join(site.path, 'output');
    expect(readdirSync(site.path).includes('output') ? readdirSync(output) : []).toEqual([]);
  });

  it('reports that it leaves a tool chain unchanged that Portage does not build', () => {
    expect(firstWords).toMatch(
      /^note: optimize: toolchain leaves .*sys-devel\/gcc.* of gentoo-ministage unchanged, because Portage does not build them$/m,
    );
    expect(firstWords.split(/: compile for/)[0]).not.toContain('>>> Emerging');
  });
});
