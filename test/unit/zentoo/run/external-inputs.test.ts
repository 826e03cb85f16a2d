import { expect, it } from 'vitest';
import { externalInputsOf } from '../../../../src/zentoo/run/external-inputs.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

it('only roots of CPUs with native in their CFLAGS are rebuilt since native is replaced with real flags', () => {
  using world = new SiteWorld();
  const { tuple, stage } = world.workOf();
  const pipelineOf = (cflags: string) =>
    externalInputsOf({ ...tuple, cpu: { ...tuple.cpu, cflags } }, stage, new Map()).pipeline;
  expect(pipelineOf('-O2 -march=znver3')).toBe(pipelineOf('-O2 -pipe'));
  for (const native of ['-march=native', '-O2 -mtune=native', '-mcpu=native'])
    expect(pipelineOf(native)).not.toBe(pipelineOf('-O2 -pipe'));
});

it('the inputs that earlier versions of zentoo wrote into images stay the same, so that no root is out of date after an update', () => {
  using world = new SiteWorld();
  const tuple = tupleWithTree();
  const [gentoo] = tuple.portage.repositories;
  if (gentoo === undefined) throw new Error('the tuple has no repository');
  const repositories = [gentoo, { ...gentoo, name: 'lab', location: '/var/db/repos/lab' }];
  const both = { ...tuple, portage: { ...tuple.portage, repositories } };
  const native = { ...both, cpu: { ...both.cpu, cflags: '-march=native' } };
  const revisions = new Map([
    ['gentoo', 'c0ffee'],
    ['other', 'beef'],
  ]);
  const inputs = { stageId: world.stage.id, trees: { gentoo: 'c0ffee', lab: '' }, pipeline: '1' };
  const stage = { name: 'gentoo-ministage', image: world.stage };
  expect(externalInputsOf(both, stage, revisions)).toEqual(inputs);
  expect(externalInputsOf(native, stage, revisions)).toEqual({ ...inputs, pipeline: '1-real-flags' });
  expect(externalInputsOf(both, { ...stage, image: undefined }, revisions)).toEqual({ ...inputs, stageId: '' });
});
