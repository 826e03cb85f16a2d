import { describe, expect, test } from 'vitest';
import { withPlanCache, type PlanCache } from '../../../../src/zentoo/command/plan-cache.ts';
import type { Image } from '../../../../src/engine/images.ts';
import type { ImageId } from '../../../../src/engine/identifiers.ts';
import { fingerprintTuple } from '../../../../src/plan/fingerprint.ts';
import type { Partition } from '../../../../src/store/partition.ts';
import { fakeFiles, type FakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { nothing } from '../../builder/build-world.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

const partition = 'x86_64-pc-linux-gnu/x86-64/ministage-0123456789ab' as Partition;
const indexPath = `/${partition}/Packages`;
const tuple = tupleWithTree();
const image = { id: 'sha256:1' as ImageId };
const answer = {
  partition,
  exitStatus: 0,
  lines: ['[ebuild  N     ] app-misc/tools-1.0::gentoo  0 KiB'],
  installed: [{ cpv: 'app-misc/tools-0', slot: '0', repository: 'gentoo' }],
  resolved: {
    packages: [
      {
        cpv: 'app-misc/tools-1.0',
        slot: '0',
        repository: 'gentoo',
        root: '/',
        isCompiled: true,
        use: ['ssl'],
        inputs: 'i',
      },
    ],
    needs: [[]],
    partitions: { root: partition, host: partition },
  },
};

function questionOf(
  world: SiteWorld,
  { stageId = 'sha256:s', asked = image }: { stageId?: string; asked?: Pick<Image, 'id'> } = {},
) {
  const fingerprint = fingerprintTuple(world.run().site, tuple, { stageId, trees: {}, pipeline: '1' });
  return { tuple, fingerprint, image: asked };
}

/** Works with the answers of a run of its own. */
function withAnswers<T>(world: SiteWorld, work: (answers: PlanCache) => Promise<T>): Promise<T> {
  return withPlanCache(world.run(), world.stage, work);
}

function filesOf(world: SiteWorld, volume: 'state' | 'binpkgs'): FakeFiles {
  return world.engine.volumes.get(`zentoo-net-${volume}`)?.files ?? new Map();
}

function setIndex(world: SiteWorld, text: string): void {
  for (const [path, file] of fakeFiles({ [indexPath]: text })) filesOf(world, 'binpkgs').set(path, file);
}

/** The paths and texts of what is kept. */
function keptFiles(world: SiteWorld): readonly (readonly [path: string, text: string])[] {
  return [...filesOf(world, 'state')]
    .filter(([, { kind }]) => kind === 'file')
    .map(([path, { data }]) => [path, data.toString()] as const);
}

describe('an answer of Portage', () => {
  test('is kept for the next run, which starts nothing', async () => {
    using world = new SiteWorld();
    setIndex(world, 'TIMESTAMP: 1\n\nCPV: a/b-1\n');
    await withAnswers(world, async (answers) => {
      expect(await answers.find(questionOf(world))).toBeUndefined();
      await answers.keep(questionOf(world), answer, await answers.readIndex(partition));
    });
    setIndex(world, 'TIMESTAMP: 2\n\nCPV: a/b-1\n');
    expect(await withAnswers(world, (answers) => answers.find(questionOf(world)))).toEqual(answer);
    expect(world.calls('startContainer')).toEqual([]);
    expect(world.left).toEqual(nothing);
  });

  test.each<[string, (world: SiteWorld) => Parameters<typeof questionOf>[1]]>([
    [
      'of another index',
      (world) => {
        setIndex(world, 'CPV: a/b-2\n');
        return {};
      },
    ],
    ['of another image', () => ({ asked: { id: 'sha256:2' as ImageId } })],
    ['of other inputs', () => ({ stageId: 'sha256:t' })],
  ])('%s is none, and the new one takes its place', async (_, change) => {
    using world = new SiteWorld();
    await withAnswers(world, (answers) => answers.keep(questionOf(world), answer, ''));
    const changed = change(world);
    await withAnswers(world, async (answers) => {
      expect(await answers.find(questionOf(world, changed))).toBeUndefined();
      await answers.keep(questionOf(world, changed), answer, await answers.readIndex(partition));
      expect(await answers.find(questionOf(world, changed))).toEqual(answer);
    });
    expect(keptFiles(world)).toHaveLength(1);
  });

  test.each<[string, (text: string) => string]>([
    ['empty', () => ''],
    ['cut off', (text) => text.slice(0, text.length / 2)],
    ['of another format', (text) => text.replace('"format":3', '"format":1')],
    ['no object', () => 'null'],
    ['without an answer', (text) => JSON.stringify({ ...JSON.parse(text), answer: 1 })],
    ['with lines that are none', (text) => text.replace('"lines":["', '"lines":[1,"')],
    ['with a partition that leads out', (text) => text.replace(partition, '../../x')],
    ['with an exit status that is none', (text) => text.replace('"exitStatus":0', '"exitStatus":"0"')],
    ['with installed packages that are none', (text) => text.replace('"cpv"', '"cp"')],
    ['with needs that are none', (text) => text.replace('"needs":[[', '"needs":[["1"')],
  ])('that is damaged (%s) is ignored and written again', async (_, damage) => {
    using world = new SiteWorld();
    await withAnswers(world, (answers) => answers.keep(questionOf(world), answer, ''));
    const [[path, text] = ['', '']] = keptFiles(world);
    expect(damage(text)).not.toBe(text);
    for (const [name, file] of fakeFiles({ [path]: damage(text) })) filesOf(world, 'state').set(name, file);
    await withAnswers(world, async (answers) => {
      expect(await answers.find(questionOf(world))).toBeUndefined();
      await answers.keep(questionOf(world), answer, '');
      expect(await answers.find(questionOf(world))).toEqual(answer);
    });
  });
});
