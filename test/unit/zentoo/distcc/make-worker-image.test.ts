import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { findBuildmaster } from '../../../../src/zentoo/buildmaster/make-buildmaster.ts';
import { findWorkerImage, makeWorkerImage } from '../../../../src/zentoo/distcc/make-worker-image.ts';
import { tupleNamed } from '../../../../src/zentoo/run/site-run.ts';
import { nothing } from '../../builder/build-world.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

it('the image of workers is the buildmaster and one layer, with distcc and the identity of the compiler', async () => {
  const tuple = tupleOfSet('tools');
  using world = new SiteBuildWorld([tuple]);
  await world.build();
  const run = world.siteRun();
  const work = tupleNamed(run, tuple.name);
  const buildmaster = (await findBuildmaster(run, work)) ?? expect.fail('no buildmaster was made');
  expect(await findWorkerImage(run, buildmaster)).toBeUndefined();
  world.sitePortage.answers.set('compiler', { stdout: 'gcc 12.2.0\n0123  -\n' });
  world.sitePortage.answers.set('tool', { exitCode: 1 });
  const made = await makeWorkerImage(run, work, buildmaster);
  expect(world.sitePortage.ran.filter(({ name }) => name === 'emerge-distcc')).toHaveLength(1);
  expect(made.layers.slice(0, -1)).toEqual(buildmaster.image.layers);
  const name = buildmaster.name.replace('buildmaster:', 'distcc:');
  expect(made.names).toEqual([name]);
  expect(made.labels).toMatchObject({
    'zentoo.distcc.buildmaster': buildmaster.name,
    'zentoo.distcc.compiler': 'gcc 12.2.0',
    'zentoo.distcc.compiler-digest': createHash('sha256').update('gcc 12.2.0\n0123  -\n').digest('hex'),
    'zentoo.distcc.chost': 'x86_64-pc-linux-gnu',
    'zentoo.distcc.image': name,
  });
  expect((await findWorkerImage(run, buildmaster))?.id).toBe(made.id);
  expect(world.left).toEqual(nothing);
});

it('an image of that name that was made from another buildmaster is not the image of workers', async () => {
  const tuple = tupleOfSet('tools');
  using world = new SiteBuildWorld([tuple]);
  await world.build();
  const run = world.siteRun();
  const buildmaster =
    (await findBuildmaster(run, tupleNamed(run, tuple.name))) ?? expect.fail('no buildmaster was made');
  const { layers } = buildmaster.image;
  const name = buildmaster.name.replace('buildmaster:', 'distcc:');
  world.engine.addImage(name, { layers: [...layers.slice(0, -1), 'sha256:other', 'sha256:distcc'] });
  expect(await findWorkerImage(run, buildmaster)).toBeUndefined();
  world.engine.addImage(name, { layers: [...layers, 'sha256:distcc'] });
  expect(await findWorkerImage(run, buildmaster)).toBeDefined();
});
