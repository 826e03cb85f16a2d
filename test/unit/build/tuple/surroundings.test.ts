import { expect, it } from 'vitest';
import { surroundingsOf } from '../../../../src/build/tuple/surroundings.ts';
import { SiteWorld, tupleWithTree } from './site-world.ts';

it('what was made when native was no real flags yet is made anew, and nothing else', () => {
  using world = new SiteWorld();
  const run = world.run();
  const tuple = tupleWithTree();
  const pipelineOf = (cflags: string) => surroundingsOf(run, { ...tuple, cpu: { ...tuple.cpu, cflags } }).pipeline;
  expect(pipelineOf('-O2 -march=znver3')).toBe(pipelineOf('-O2 -pipe'));
  for (const native of ['-march=native', '-O2 -mtune=native', '-mcpu=native'])
    expect(pipelineOf(native)).not.toBe(pipelineOf('-O2 -pipe'));
});
