import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import * as connecting from '../../../../src/engine/docker/connect-engine.ts';
import { openSiteRun, type SiteRunRequest } from '../../../../src/zentoo/run/open-site-run.ts';
import { fakeImage } from '../../../support/fake-engine/fake-engine-state.ts';
import type { ContainerId } from '../../../../src/engine/identifiers.ts';
import { formatOwner } from '../../../../src/ownership/owner.ts';
import { workVolumeName } from '../../../../src/ownership/ownership.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { ownerLabel } from '../../../../src/container/workspace.ts';
import { nothing } from '../../builder/build-world.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

const here = tupleWithTree({ name: 'here' });
const there = tupleWithTree({
  name: 'there',
  stage: { ...here.stage, name: 'other', image: 'docker.io/gentoo/other' },
});

/** Opens a run for a site with two tuples, of whose stages the engine lacks one. */
async function openIn(world: SiteWorld, request: Partial<SiteRunRequest> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'open-site-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const volume of ['zentoo-net-state', 'zentoo-net-site']) world.engine.volumes.delete(volume);
  vi.spyOn(connecting, 'connectEngine').mockResolvedValue(world.engine);
  const { report, signal } = world.context;
  const { site } = world.run({ tuples: [here, there], directory });
  return openSiteRun(site, { environment: {}, report, signal }, { keepFailed: false, ...request });
}

/** Opens a run. Returns which tuples have a stage, and the images that were pulled. */
async function open(request: Partial<SiteRunRequest>) {
  using world = new SiteWorld();
  world.engine.registry.set('docker.io/gentoo/other:latest', fakeImage({ layers: ['sha256:other'] }));
  const run = await openIn(world, request);
  const stages = run.tuples.map(({ tuple, stage }) => [tuple.name, stage.image !== undefined]);
  return { stages, pulled: world.calls('pullImage').map(([name]) => name) };
}

it('has the tuples that are asked for, and pulls their stages', async () => {
  expect(await open({})).toEqual({
    stages: [
      ['here', true],
      ['there', true],
    ],
    pulled: ['docker.io/gentoo/other'],
  });
  expect(await open({ tuples: [here] })).toEqual({ stages: [['here', true]], pulled: [] });
});

it('keeps the tuples whose stages are not pulled, and derives their data from the stages that the engine has', async () => {
  const stages = [
    ['here', true],
    ['there', false],
  ];
  expect(await open({ pull: [here] })).toEqual({ stages, pulled: [] });
  expect(await open({ pull: [] })).toEqual({ stages, pulled: [] });
});

it('knows the revisions of the trees that are there, and starts no container for them', async () => {
  using world = new SiteWorld();
  const run = await openIn(world, { pull: [] });
  expect(run.anyStage).toEqual({ name: 'gentoo-ministage', image: expect.objectContaining({ id: world.stage.id }) });
  expect(run.revisions).toEqual(new Map([['gentoo', 'c'.repeat(40)]]));
  expect(run.tuples[0]?.fingerprint.inputs).toMatchObject({
    'stage/id': world.stage.id,
    'tree/gentoo': 'c'.repeat(40),
  });
  expect(world.calls('startContainer')).toEqual([]);
  expect(world.left).toEqual(nothing);
});

it('keeps the revisions in the state volume, which a later run reads', async () => {
  using world = new SiteWorld();
  await openIn(world, { pull: [] });
  const links = [...(world.engine.volumes.get('zentoo-net-state')?.files ?? [])];
  expect(links.filter(([path]) => path.startsWith('/revisions/')).map(([path]) => path)).toContain('/revisions/gentoo');
});

it('has no revisions if the engine has no stage', async () => {
  using world = new SiteWorld();
  const run = await openIn(world, { tuples: [there], pull: [] });
  expect({ anyStage: run.anyStage, revisions: run.revisions }).toEqual({ anyStage: undefined, revisions: new Map() });
  expect(world.calls('createContainer')).toEqual([]);
});

it('has the images of the site by all their names, and no images of other sites', async () => {
  using world = new SiteWorld();
  const labels = { 'zentoo.site': 'net' };
  const { id } = world.engine.addImage('zentoo/net/base:latest', { labels });
  world.engine.imageNames.set('zentoo/net/base:old', id);
  world.engine.addImage('zentoo/other/base:latest', { labels: { 'zentoo.site': 'other' } });
  const { images } = await openIn(world, { pull: [] });
  expect([...images].map(([name, image]) => [name, image.id])).toEqual([
    ['zentoo/net/base:latest', id],
    ['zentoo/net/base:old', id],
  ]);
});

it('writes archives to the directory output of the site, or to the directory that the user names', async () => {
  using world = new SiteWorld();
  const run = await openIn(world, { pull: [] });
  expect(run.outputDirectory).toBe(join(run.site.directory, 'output'));
  expect((await openIn(world, { pull: [], outputDirectory: '/srv/out' })).outputDirectory).toBe('/srv/out');
});

it('removes what a builder that is gone left over', async () => {
  using world = new SiteWorld();
  const name = workVolumeName('0123456789abcdef');
  const owner = formatOwner({ kind: 'container', id: 'dead'.repeat(16) as ContainerId, startedAt: 'x' });
  world.addVolume(name, {}, { [ownerLabel]: owner });
  await openIn(world, { pull: [] });
  expect(world.messages('note')).toContain(`removed ${name}, left over from a builder that is gone`);
  expect(world.engine.volumes.has(name)).toBe(false);
});

it('says how to go on if a stage cannot be pulled', async () => {
  using world = new SiteWorld();
  world.engine.fault({ method: 'pullImage', error: new EngineRefusal(400, 'the registry has no such scheme') });
  await expect(openIn(world)).rejects.toMatchObject({
    message: expect.stringContaining('docker.io/gentoo/other'),
    hint: 'name an image for the stage other in site.yaml that the engine has already',
  });
});

it.each(['inspectImage', 'inspectVolume', 'imagesWithLabel', 'createVolume'] as const)(
  'says what failed if the engine refuses %s',
  async (method) => {
    using world = new SiteWorld();
    world.engine.fault({ method, error: new EngineRefusal(500, 'the disk is full') });
    await expect(openIn(world, { pull: [] })).rejects.toMatchObject({
      code: 'engine-refused',
      message: 'failed to read the state of the site net on the engine: the engine says: the disk is full',
    });
  },
);
