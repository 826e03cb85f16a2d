import { expect, it } from 'vitest';
import { pretendTuple } from '../../../../src/zentoo/compile/pretend-tuple.ts';
import { findBuildmaster } from '../../../../src/zentoo/buildmaster/make-buildmaster.ts';
import type { Partition } from '../../../../src/store/partition.ts';
import type { Tuple } from '../../../../src/site/site.ts';
import { nothing } from '../../builder/build-world.ts';
import { tupleOf } from '../../plan/sites.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const native = 'x86_64-pc-linux-gnu/x86-64/default-v2-0123456789ab';

/** Asks Portage about a tuple, in its buildmaster if there is one; returns the answer and the partitions before the question. */
async function pretend(world: SiteBuildWorld) {
  const run = world.siteRun();
  const [work] = run.tuples;
  if (work === undefined) throw new Error('there is no tuple');
  const partitions: Partition[] = [];
  const answer = await pretendTuple(run, work, await findBuildmaster(run, work), (partition) => {
    expect(world.sitePortage.ran.some(({ name }) => name.startsWith('emerge-pretend-'))).toBe(false);
    partitions.push(partition);
    return Promise.resolve();
  });
  return { answer, partitions };
}

/** A world in which emerge prints this for the plan. */
function worldThatPrints(text: string, status = 0, tuple: Tuple = tupleOfSet('tools')): SiteBuildWorld {
  const world = new SiteBuildWorld([tuple]);
  world.sitePortage.jobs.set(`emerge-pretend-${tuple.name}`, ({ print }) => {
    print(text);
    return status;
  });
  return world;
}

it('a plan asks in a container that cannot change the store, runs no hook, and leaves nothing', async () => {
  using world = worldThatPrints('[ebuild  N     ] app-misc/tools-1.0::gentoo 0 KiB\n');
  const { answer, partitions } = await pretend(world);
  expect(answer).toMatchObject({
    ...{ partition: native, exitStatus: 0, installed: [] },
    resolved: { packages: [{ cpv: 'app-misc/tools-1.0' }], partitions: { root: native, host: native } },
  });
  expect(partitions).toEqual([native]);
  expect(world.sitePortage.ran.filter(({ name }) => name.startsWith('hook-'))).toEqual([]);
  const mounts = world
    .calls('createContainer')
    .flatMap(([, spec]) => (spec as { mounts: readonly { source: string; readOnly?: boolean }[] }).mounts);
  const ofStore = mounts.filter(({ source }) => source === 'zentoo-net-binpkgs');
  expect(ofStore.map(({ readOnly }) => readOnly)).toEqual([true]);
  expect(world.left).toEqual(nothing);
});

it('a plan has the packages that emerge merges, and not those that it removes', async () => {
  using world = worldThatPrints(
    '[ebuild  N     ] app-misc/tools-1.0::gentoo 0 KiB\n[uninstall     ] app-misc/old-1\n[blocks b      ] app-misc/old\n',
  );
  const { answer } = await pretend(world);
  expect(answer.resolved?.packages.map(({ cpv }) => cpv)).toEqual(['app-misc/tools-1.0']);
});

it('a plan asks for no dependencies if there is nothing to merge', async () => {
  using world = worldThatPrints('');
  expect((await pretend(world)).answer.resolved).toMatchObject({ packages: [], needs: [] });
  expect(world.sitePortage.runs('dependencies.py')).toEqual([]);
});

it('a plan that emerge refuses has its output and no packages', async () => {
  using world = worldThatPrints('emerge: there are no ebuilds to satisfy "a/b".\n', 1);
  expect((await pretend(world)).answer).toMatchObject({
    exitStatus: 1,
    lines: ['emerge: there are no ebuilds to satisfy "a/b".'],
    resolved: null,
  });
});

it('a plan names the packages of the set that the stage has', async () => {
  using world = worldThatPrints('');
  const match = { cpv: 'app-misc/tools-0.9', slot: '0', repository: 'gentoo' };
  const atom = { atom: 'app-misc/tools', package: 'app-misc/tools', installed: true, matches: [match] };
  world.sitePortage.answers.set('set-atoms.py', { stdout: JSON.stringify([atom]) });
  expect((await pretend(world)).answer.installed).toEqual([match]);
});

it('a plan of a cross build has a separate partition for the tools of the stage', async () => {
  const cpu = { ...tupleOf().cpu, name: 'musl', chost: 'x86_64-pc-linux-musl' };
  using world = worldThatPrints('', 0, tupleOfSet('tools', { name: 'musl', cross: true, cpu }));
  const { answer } = await pretend(world);
  const { root, host } = answer.resolved?.partitions ?? {};
  expect(root).toBe('x86_64-pc-linux-musl/musl/default-v2-0123456789ab');
  expect(host).toMatch(/^x86_64-pc-linux-gnu\//);
});
