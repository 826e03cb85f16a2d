import { expect, test } from 'vitest';
import { buildmasterName } from '../../../../src/build/tuple/make-buildmaster.ts';
import { createBuildmasterPlanner } from '../../../../src/build/tuple/plan-buildmaster.ts';
import { surroundingsOf } from '../../../../src/build/tuple/surroundings.ts';
import { writeInputsLabel } from '../../../../src/plan/explain-difference.ts';
import { fingerprintBuildmaster, fingerprintTuple } from '../../../../src/plan/fingerprint.ts';
import type { Tuple } from '../../../../src/site/site.ts';
import { branch, commits } from '../../plan/sites.ts';
import { SiteWorld, tupleWithTree } from './site-world.ts';

/** The image of a tuple as it was made, with what it was made from. */
function imageOf(world: SiteWorld, tuple: Tuple) {
  const { inputs } = fingerprintTuple(world.run().site, tuple, surroundingsOf(world.run(), tuple));
  return world.engine.addImage('former', { labels: { 'zentoo.inputs': writeInputsLabel(inputs) } });
}

test('one that is there is used again, by all tuples that share it', async () => {
  using world = new SiteWorld();
  const tuple = tupleWithTree();
  const run = world.run();
  const fingerprint = fingerprintBuildmaster(tuple, surroundingsOf(run, tuple));
  const partition = 'x86_64-pc-linux-gnu/x86-64/ministage-0123456789ab';
  const labels = { 'zentoo.fingerprint': fingerprint.digest, 'zentoo.partition': partition };
  const name = buildmasterName(run, tuple, fingerprint);
  const image = world.engine.addImage(name, { layers: [...world.stage.layers, 'own'], labels });
  const planBuildmaster = createBuildmasterPlanner(run);
  const { plan, found } = await planBuildmaster(tuple, undefined);
  expect(plan).toEqual({ name: 'x86-64-base', stage: 'ministage', action: 'reuse', why: [], image: name });
  expect(found).toMatchObject({ image: { id: image.id }, partition });
  expect((await planBuildmaster({ ...tuple, name: 'other' }, undefined)).plan).toBe(plan);
});

test('one that is made says what has changed since the image of its tuple, as far as it is made from that', async () => {
  using world = new SiteWorld();
  const former = tupleWithTree();
  const portage = { ...former.portage, commit: commits[2] };
  const tuple = { ...former, portage, buildhooks: branch('plain', commits[3]) };
  const planBuildmaster = createBuildmasterPlanner(world.run());
  expect((await planBuildmaster(tuple, imageOf(world, former))).plan).toMatchObject({
    action: 'make',
    why: ['the portage branch base moved from aaaaaaaaaa to cccccccccc'],
  });
});

test('the first one, and two of one cpu and branch that differ in what runs before', async () => {
  using world = new SiteWorld();
  const plain = tupleWithTree();
  const hooked = { ...plain, buildhooks: branch('hooked', commits[3], { compile: '#!/bin/sh\n' }) };
  const planBuildmaster = createBuildmasterPlanner(world.run());
  const plans = [(await planBuildmaster(plain, undefined)).plan, (await planBuildmaster(hooked, undefined)).plan];
  expect(plans.map(({ why }) => why)).toEqual([['there is none yet'], ['there is none yet']]);
  expect(plans.map(({ name }) => name)).toEqual(['x86-64-base', plans[1]?.image.split(':')[1]]);
});
