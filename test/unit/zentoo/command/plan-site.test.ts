import { expect, it } from 'vitest';
import type { Stage, Tuple } from '../../../../src/site/site.ts';
import { planSite } from '../../../../src/zentoo/command/plan-site.ts';
import { branch, commits, packageSet } from '../../plan/sites.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const tuple = tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') });
const hook = (name: string) =>
  `a plan does not run the hook ${name}, and the hook may change which packages are compiled`;
const first = (what: string) =>
  `zentoo compiles ${what} before the packages of this list; those that belong to it are then in the store already`;

async function unforeseen(changes: Partial<Tuple>, isBuilt = false) {
  using world = new SiteBuildWorld([{ ...tuple, ...changes }]);
  if (isBuilt) {
    await world.build();
    world.engine.imageNames.delete(`zentoo/net/${tuple.name}:latest`);
  }
  return (await planSite(world.siteRun(), 'net')).tuples.map((plan) => plan.unforeseen);
}

const hooked = branch('hooked', commits[1], { buildmaster: '#!/bin/sh', compile: '#!/bin/sh', finish: '#!/bin/sh' });
const optimized = (optimize: Stage['optimize']) => ({ ...tuple.stage, optimize });

it('a plan says nothing of what it foresees', async () => {
  expect(await unforeseen({})).toEqual([[]]);
});

it.each([
  ['toolchain', 'the tool chain'],
  ['system', '@system'],
] as const)('a plan names what a new buildmaster compiles with optimize: %s', async (optimize, what) => {
  expect(await unforeseen({ stage: optimized(optimize) })).toEqual([[first(what)]]);
});

it('a plan names the hooks that it does not run', async () => {
  expect(await unforeseen({ buildhooks: hooked })).toEqual([[hook('buildmaster'), hook('compile')]]);
});

it('a plan names no hook that the branch does not have', async () => {
  const buildhooks = branch('hooked', commits[1], { compile: '#!/bin/sh' });
  expect(await unforeseen({ buildhooks })).toEqual([[hook('compile')]]);
});

it('a plan with a buildmaster that is there names only the hook compile', async () => {
  expect(await unforeseen({ buildhooks: hooked, stage: optimized('system') }, true)).toEqual([[hook('compile')]]);
});

const emerge = `emerge-pretend-${tuple.name}`;

/** The number of times that two plans of a site ask emerge. */
async function questionsOfTwoPlans(world: SiteBuildWorld): Promise<number> {
  for (const _ of [1, 2]) await planSite(world.siteRun(), 'net');
  return world.sitePortage.ran.filter(({ name }) => name === emerge).length;
}

it('a plan keeps an answer of emerge, also that there is no such package', async () => {
  using world = new SiteBuildWorld([tuple]);
  expect(await questionsOfTwoPlans(world)).toBe(1);
  using other = new SiteBuildWorld([tuple], []);
  expect(await questionsOfTwoPlans(other)).toBe(1);
});

it('a plan asks again if emerge failed for another reason', async () => {
  using world = new SiteBuildWorld([tuple]);
  world.sitePortage.jobs.set(emerge, ({ print }) => {
    print('Killed\n');
    return 137;
  });
  expect(await questionsOfTwoPlans(world)).toBe(2);
});

it('a plan has its warnings, and reports them', async () => {
  using world = new SiteBuildWorld([tuple]);
  const { warnings } = await planSite(world.siteRun(), 'net');
  expect(warnings.map((warning) => ({ type: 'warning', ...warning }))).toEqual(
    world.events.filter(({ type }) => type === 'warning'),
  );
  expect(warnings).not.toEqual([]);
});

it('a plan of a site with further engines is the plan without them, and asks none', async () => {
  using world = new SiteBuildWorld([tuple]);
  const engines = ['tcp://nowhere:1', 'no-such-context'].map((address) => ({ address, jobs: undefined }));
  const plan = await planSite(world.siteRun({ engines }), 'net');
  expect(plan.tuples).toEqual((await planSite(world.siteRun(), 'net')).tuples);
});
