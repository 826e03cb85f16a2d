import { expect, test } from 'vitest';
import { createBuildmasterPlanner } from '../../../../src/zentoo/buildmaster/plan-buildmaster.ts';
import { writeInputsLabel } from '../../../../src/plan/explain-difference.ts';
import type { Tuple } from '../../../../src/site/site.ts';
import { branch, commits } from '../../plan/sites.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

/** The image of a tuple as it was made, with what it was made from. */
function imageOf(world: SiteWorld, tuple: Tuple) {
  const { inputs } = world.workOf(tuple).fingerprint;
  return world.engine.addImage('former', { labels: { 'zentoo.inputs': writeInputsLabel(inputs) } });
}

test('one that is there is used again, by all tuples that share it', async () => {
  using world = new SiteWorld();
  const tuple = tupleWithTree();
  const run = world.run();
  const work = world.workOf(tuple);
  const { name, fingerprint } = work.buildmaster;
  const partition = 'x86_64-pc-linux-gnu/x86-64/ministage-v2-0123456789ab';
  const labels = { 'zentoo.fingerprint': fingerprint.digest, 'zentoo.partition': partition };
  const image = world.engine.addImage(name, { layers: [...world.stage.layers, 'own'], labels });
  const planBuildmaster = createBuildmasterPlanner(run);
  const { plan, found } = await planBuildmaster(work, undefined);
  expect(plan).toEqual({ name: 'x86-64-base', stage: 'ministage', action: 'reuse', why: [], image: name });
  expect(found).toMatchObject({ image: { id: image.id }, partition });
  expect((await planBuildmaster(world.workOf({ ...tuple, name: 'other' }), undefined)).plan).toBe(plan);
});

test('a new buildmaster has the changes of its inputs since the image of its tuple as reasons', async () => {
  using world = new SiteWorld();
  const former = tupleWithTree();
  const portage = { ...former.portage, commit: commits[2] };
  const tuple = { ...former, portage, buildhooks: branch('plain', commits[3]) };
  const run = world.run();
  const planBuildmaster = createBuildmasterPlanner(run);
  expect((await planBuildmaster(world.workOf(tuple), imageOf(world, former))).plan).toMatchObject({
    action: 'make',
    why: ['the portage branch base moved from aaaaaaaaaa to cccccccccc'],
  });
});

test('the first buildmaster, and two of one cpu and branch that differ in their hooks', async () => {
  using world = new SiteWorld();
  const plain = tupleWithTree();
  const hooked = { ...plain, buildhooks: branch('hooked', commits[3], { compile: '#!/bin/sh\n' }) };
  const run = world.run();
  const planBuildmaster = createBuildmasterPlanner(run);
  const planOf = async (tuple: Tuple) => (await planBuildmaster(world.workOf(tuple), undefined)).plan;
  const plans = [await planOf(plain), await planOf(hooked)];
  expect(plans.map(({ why }) => why)).toEqual([['there is no buildmaster yet'], ['there is no buildmaster yet']]);
  expect(plans.map(({ name }) => name)).toEqual(['x86-64-base', plans[1]?.image.split(':')[1]]);
});
