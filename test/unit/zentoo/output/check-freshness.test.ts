import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkFreshness } from '../../../../src/zentoo/output/check-freshness.ts';
import type { SiteRun } from '../../../../src/zentoo/run/site-run.ts';
import type { ImageId } from '../../../../src/engine/identifiers.ts';
import { writeInputsLabel } from '../../../../src/plan/explain-difference.ts';
import { fingerprintTuple } from '../../../../src/plan/fingerprint.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

const tuple = tupleWithTree();
const imageName = `zentoo/net/${tuple.name}:latest`;

function fingerprintOf(world: SiteWorld, commit = 'a') {
  const external = { stageId: world.stage.id, trees: { gentoo: commit }, pipeline: '1' };
  return fingerprintTuple(world.run().site, tuple, external);
}

const sha512 = createHash('sha512').update('archive').digest('hex');

function manifestOf(fingerprint: string, digest = sha512): string {
  return JSON.stringify({ fingerprint, archive: { sha512: digest, size: 7 } });
}

async function judge(
  world: SiteWorld,
  directory = '/nowhere',
  images: SiteRun['images'] = new Map(),
  changes: Partial<SiteRun> = {},
) {
  const { outputs } = await checkFreshness(
    { ...world.run({ directory }), images, ...changes },
    { ...world.workOf(tuple), fingerprint: fingerprintOf(world) },
  );
  return outputs;
}

/** The images as a run finds them when it begins. */
async function listedIn(world: SiteWorld): Promise<SiteRun['images']> {
  const listed = await world.engine.imagesWithLabel('zentoo.fingerprint');
  return new Map(listed.flatMap((image) => image.names.map((name) => [name, image] as const)));
}

interface MadeImage {
  readonly commit?: string;
  readonly layers?: readonly string[];
  readonly inputs?: boolean;
  readonly parent?: ImageId | undefined;
}

function addImage(
  world: SiteWorld,
  { commit = 'a', layers = [...world.stage.layers, 'own'], inputs = true, parent }: MadeImage = {},
) {
  const { digest, inputs: made } = fingerprintOf(world, commit);
  const label = inputs ? { 'zentoo.inputs': writeInputsLabel(made) } : {};
  world.engine.addImage(imageName, { layers, parent, labels: { 'zentoo.fingerprint': digest, ...label } });
}

test.each([true, false])(
  'case 1.8: an image that zentoo did not commit is out of date, whatever its labels say (listed: %s)',
  async (isListed) => {
    using world = new SiteWorld();
    addImage(world, { parent: world.stage.id });
    const images = isListed ? await listedIn(world) : new Map();
    expect((await judge(world, '/nowhere', images))[0]?.why).toEqual([]);
    const why = ['there is no record that zentoo made its image'];
    expect((await judge(world, '/nowhere', images, { registered: new Map() }))[0]?.why).toEqual(why);
    const another = new Map([[imageName, `sha256:${'a'.repeat(64)}` as ImageId]]);
    expect((await judge(world, '/nowhere', images, { registered: another }))[0]?.why).toEqual(why);
  },
);

test('outputs that were never made', async () => {
  using world = new SiteWorld();
  expect(await judge(world)).toEqual([
    { output: 'image', name: imageName, found: undefined, why: ['there is no image yet'] },
    {
      output: 'archive',
      name: `/nowhere/output/${tuple.name}.tar.zst`,
      found: undefined,
      why: ['there is no archive yet'],
    },
  ]);
});

test.each<[string, Parameters<typeof addImage>[1], readonly string[]]>([
  ['made of the same', {}, []],
  ['made of something else', { commit: 'b' }, [`the tree gentoo moved from 'b' to 'a'`]],
  ['that does not say of what', { commit: 'b', inputs: false }, ['its image has no record of its inputs']],
  [
    'that was built from another image, which labels are inherited from',
    { layers: ['x', 'y', 'z'] },
    ['its image is not its stage plus one layer'],
  ],
])('an image %s', async (_, made, why) => {
  using world = new SiteWorld();
  addImage(world, made);
  const [image] = await judge(world);
  expect(image).toEqual({
    ...{ output: 'image', name: imageName, why },
    found: { size: 4096, made: new Date('2026-01-01T00:00:00Z') },
  });
});

test.each<[string, Parameters<typeof addImage>[1], string | undefined, readonly string[], number]>([
  ['made from its stage itself is not looked at again', {}, 'stage', [], 0],
  ['of which the engine does not say from what it was made', {}, undefined, [], 1],
  ['made from another one', { layers: ['x', 'y', 'z'] }, 'other', ['its image is not its stage plus one layer'], 1],
  ['made of something else', { commit: 'b' }, 'stage', [`the tree gentoo moved from 'b' to 'a'`], 1],
])('a listed image %s', async (_, made, parent, why, looks) => {
  using world = new SiteWorld();
  const parents = { stage: world.stage.id, other: 'sha256:other' as ImageId };
  addImage(world, { ...made, parent: parents[parent as keyof typeof parents] });
  const [image] = await judge(world, '/nowhere', await listedIn(world));
  expect(image).toMatchObject({ name: imageName, why, found: { size: 4096 } });
  expect(world.calls('inspectImage')).toHaveLength(looks);
});

test('a listed image that is gone by now, and had to be looked at', async () => {
  using world = new SiteWorld();
  addImage(world);
  const listed = await listedIn(world);
  await world.engine.removeImage(imageName);
  expect(await judge(world, '/nowhere', listed)).toMatchObject([
    { found: undefined, why: ['there is no image yet'] },
    {},
  ]);
});

test.each<[string, (digest: string) => string | undefined, readonly string[]]>([
  ['made of the same', manifestOf, []],
  ['made of something else', () => manifestOf('0'), ['its archive was built from other inputs']],
  [
    'with the manifest of another one',
    (fingerprint) => manifestOf(fingerprint, '1'.repeat(128)),
    ['its archive has no manifest with its inputs'],
  ],
  ['without a manifest', () => undefined, ['its archive has no manifest with its inputs']],
  ['with a damaged manifest', () => '{"fing', ['its archive has no manifest with its inputs']],
])('an archive %s', async (_, manifest, why) => {
  using world = new SiteWorld();
  const directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-outputs-'));
  try {
    await mkdir(join(directory, 'output'));
    await writeFile(join(directory, 'output', `${tuple.name}.tar.zst`), 'archive');
    await writeFile(join(directory, 'output', `${tuple.name}.tar.zst.sha512`), `${sha512}  ${tuple.name}.tar.zst\n`);
    const text = manifest(fingerprintOf(world).digest);
    if (text !== undefined) await writeFile(join(directory, 'output', `${tuple.name}.manifest.json`), text);
    const [, archive] = await judge(world, directory);
    expect(archive).toMatchObject({ output: 'archive', found: { size: 7 }, why });
  } finally {
    await rm(directory, { recursive: true });
  }
});
