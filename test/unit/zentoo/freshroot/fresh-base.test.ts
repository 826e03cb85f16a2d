import { expect, it } from 'vitest';
import { findFreshBase, needsBuildmaster } from '../../../../src/zentoo/freshroot/fresh-base.ts';
import { tupleNamed } from '../../../../src/zentoo/run/site-run.ts';
import { nothing } from '../../builder/build-world.ts';
import { imageOf, SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const tools = tupleOfSet('tools');
const workOf = (world: SiteBuildWorld) => tupleNamed(world.siteRun(), tools.name);

it('a stage and a cross tuple are entered through a buildmaster, another tuple is not', () => {
  using world = new SiteBuildWorld([tools]);
  const work = workOf(world);
  expect(needsBuildmaster({ type: 'tuple', work })).toBe(false);
  expect(needsBuildmaster({ type: 'stage', work })).toBe(true);
  expect(needsBuildmaster({ type: 'tuple', work: { ...work, tuple: { ...tools, cross: true } } })).toBe(true);
});

it('the buildmaster of a stage is made if it is missing, as a step of the tuple, and found the next time', async () => {
  using world = new SiteBuildWorld([tools]);
  const run = world.siteRun();
  const work = workOf(world);
  const { name } = work.buildmaster;
  const made = await findFreshBase(run, { type: 'stage', work });
  expect(made).toMatchObject({ base: { name }, buildmaster: { name } });
  expect(made.base.image?.layers.slice(0, -1)).toEqual(world.stage.layers);
  const started = { type: 'step-started', step: 'buildmaster', task: tools.name, detail: 'from gentoo-ministage' };
  expect(world.events.filter(({ type }) => type === 'step-started')).toEqual([started]);
  expect(world.events.filter((event) => event.type === 'log' && event.task === tools.name)).toHaveLength(1);
  const { base } = await findFreshBase(run, { type: 'stage', work });
  expect(base.image?.id).toBe(made.base.image?.id);
  expect(world.events.filter(({ type }) => type === 'step-started')).toHaveLength(1);
  expect(world.left).toEqual(nothing);
});

it('the image of a tuple is entered without a warning if it is up to date, and with one if it does not tell its inputs', async () => {
  using world = new SiteBuildWorld([tools]);
  await world.build();
  world.events.length = 0;
  expect(await findFreshBase(world.siteRun(), { type: 'tuple', work: workOf(world) })).toMatchObject({
    ...{ base: { name: imageOf(tools) }, buildmaster: undefined },
  });
  expect(world.events).toEqual([]);
  world.engine.addImage(imageOf(tools), { labels: {} });
  await findFreshBase(world.siteRun(), { type: 'tuple', work: workOf(world) });
  expect(world.events).toEqual([
    { type: 'warning', message: `${imageOf(tools)} is out of date`, hint: `zentoo build ${tools.name}` },
  ]);
});
