import { expect, it } from 'vitest';
import type { Stage, Tuple } from '../../../../src/site/site.ts';
import { planSite } from '../../../../src/zentoo/command/plan-site.ts';
import { branch, commits, packageSet } from '../../plan/sites.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const tuple = tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') });
const hook = (name: string) =>
  `a plan does not run the hook ${name}, and the hook may change which packages are compiled`;
const first = (what: string) =>
  `${what} is compiled first and is not in this list; packages of this list that belong to it are then in the store`;

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

it('a plan with a buildmaster that is there names only the hook compile', async () => {
  expect(await unforeseen({ buildhooks: hooked, stage: optimized('system') }, true)).toEqual([[hook('compile')]]);
});
