import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitRoot } from '../../../../src/zentoo/root/commit-root.ts';
import { findCurrentImage } from '../../../../src/zentoo/root/current-image.ts';
import { rootFingerprintLabel } from '../../../../src/zentoo/identity/labels.ts';
import { replaceImage } from '../../../../src/zentoo/root/replace-image.ts';
import { checkFreshness } from '../../../../src/zentoo/output/check-freshness.ts';
import { tupleWork } from '../../../../src/zentoo/run/tuple-work.ts';
import type { ImageId } from '../../../../src/engine/identifiers.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { siteOf, tupleOf } from '../../plan/sites.ts';
import { baseName, BuildWorld, interruption } from '../../builder/build-world.ts';

const name = 'zentoo/net/x86-64-base-plain-tools:latest';
const fingerprint = { digest: 'f'.repeat(64), inputs: {} };

function baseOf(world: BuildWorld) {
  return { name: baseName, image: [...world.engine.images.values()][0] };
}

describe('an image that is up to date', () => {
  const found = async (
    layers: (below: readonly string[]) => readonly string[],
    label = fingerprint.digest,
    isCross = false,
    isRegistered = true,
  ) => {
    using world = new BuildWorld();
    const base = baseOf(world);
    world.engine.addImage(name, {
      layers: layers(base.image?.layers ?? []),
      labels: { [rootFingerprintLabel]: label },
    });
    const asked = { base: isCross ? undefined : base, fingerprint: fingerprint.digest };
    const id = world.engine.imageNames.get(name);
    const registered = new Map(id === undefined || !isRegistered ? [] : [[name, id]]);
    return (await findCurrentImage({ engine: world.engine, registered }, name, asked)) !== undefined;
  };

  it('has the label and is its stage plus one layer', async () => {
    expect(await found((below) => [...below, 'sha256:a'])).toBe(true);
    expect(await found((below) => [...below, 'sha256:a'], 'e'.repeat(64))).toBe(false);
  });

  it('case 1.8: is registered: its labels alone prove nothing', async () => {
    expect(await found((below) => [...below, 'sha256:a'], fingerprint.digest, false, false)).toBe(false);
    expect(await found(() => ['sha256:a'], fingerprint.digest, true, false)).toBe(false);
  });

  it('is not an image that was built from it, or from another stage', async () => {
    expect(await found((below) => [...below, 'sha256:a', 'sha256:b'])).toBe(false);
    expect(await found((below) => below)).toBe(false);
    expect(await found(() => ['sha256:c', 'sha256:a'])).toBe(false);
    expect(await found(() => [])).toBe(false);
  });

  it('is one layer where it was imported', async () => {
    expect(await found(() => ['sha256:a'], fingerprint.digest, true)).toBe(true);
    expect(await found(() => ['sha256:a', 'sha256:b'], fingerprint.digest, true)).toBe(false);
  });
});

describe('an archive that is up to date', () => {
  const lookFor = async (directory: string) => {
    using world = new BuildWorld();
    const maps = { images: new Map(), registered: new Map() };
    const run = { ...world.context, site: siteOf(), ...maps, outputDirectory: directory };
    const sources = { site: run.site, stages: new Map(), revisions: new Map() };
    const work = { ...tupleWork(sources, tupleOf({ outputs: ['archive'] })), fingerprint };
    const { outputs } = await checkFreshness(run, work);
    return outputs.map(({ why }) => why.length === 0);
  };
  const tuple = 'x86-64-base-plain-tools';
  const write = (directory: string, digest: string) => {
    mkdirSync(directory, { recursive: true });
    const files = {
      '.tar.zst': 'four',
      '.tar.zst.sha512': `ab  ${tuple}.tar.zst\n`,
      '.manifest.json': JSON.stringify({ fingerprint: digest, archive: { sha512: 'ab', size: 4 } }),
    };
    for (const [suffix, text] of Object.entries(files)) writeFileSync(join(directory, tuple + suffix), text);
  };

  it('is one whose manifest has the fingerprint', async () => {
    using home = temporaryDirectory();
    expect(await lookFor(home.path)).toEqual([false]);
    write(home.path, 'e'.repeat(64));
    expect(await lookFor(home.path)).toEqual([false]);
    write(home.path, fingerprint.digest);
    expect(await lookFor(home.path)).toEqual([true]);
    writeFileSync(join(home.path, `${tuple}.tar.zst`), 'longer');
    expect(await lookFor(home.path)).toEqual([false]);
  });

  it('is none where there is no directory, or a file in its place', async () => {
    using home = temporaryDirectory();
    writeFileSync(join(home.path, 'file'), '');
    for (const path of ['nothing', 'file', 'file/below']) expect(await lookFor(join(home.path, path))).toEqual([false]);
  });
});

describe('the image of a root', () => {
  const commit = async (world: BuildWorld) => {
    const container = await world.session();
    return commitRoot(container, { name, base: baseOf(world), labels: { a: 'b "c" $d' } });
  };
  const names = (world: BuildWorld) => [...world.engine.imageNames.keys()].filter((each) => each.includes('zentoo/'));

  it('gets its name, its labels and a shell when it is whole', async () => {
    using world = new BuildWorld();
    const id = await commit(world);
    expect(names(world)).toEqual([expect.stringMatching(new RegExp(`${name}$`))]);
    const image = world.engine.images.get(id);
    expect(image?.labels).toMatchObject({ a: 'b "c" $d' });
    expect(image?.changes).toContain('CMD ["/bin/bash"]');
  });

  it('is found again where the answer to its commit was lost', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', nth: 1, error: new Error('cut'), afterEffect: true });
    const id = await commit(world);
    expect((await world.engine.inspectImage(name))?.id).toBe(id);
    expect(names(world)).toHaveLength(1);
  });

  it.each([
    [
      'the commit is refused',
      { method: 'commitContainer', error: new EngineRefusal(500, 'no space left on device') },
      'commit-failed',
    ],
    ['the name is refused', { method: 'tagImage', error: new EngineRefusal(500, 'no') }, 'tag-failed'],
  ] as const)('leaves the one that was there, and nothing else, where %s', async (_what, fault, code) => {
    using world = new BuildWorld();
    const before = world.engine.addImage(name, {});
    world.engine.fault(fault);
    await expect(commit(world)).rejects.toMatchObject({ code });
    expect(names(world)).toHaveLength(1);
    expect((await world.engine.inspectImage(name))?.id).toBe(before.id);
    expect(world.engine.images.size).toBe(2);
  });

  it('leaves the one that was there where the run is interrupted between commit and name', async () => {
    using world = new BuildWorld();
    const before = world.engine.addImage(name, {});
    world.onCall = (method) => {
      if (method === 'commitContainer') world.aborter.abort(interruption);
    };
    await expect(commit(world)).rejects.toBe(interruption);
    expect((await world.engine.inspectImage(name))?.id).toBe(before.id);
    expect(world.engine.images.size).toBe(2);
  });
});

describe('an image whose name was taken', () => {
  it('is removed, unless it has another name or is the same image', async () => {
    using world = new BuildWorld();
    const { engine } = world;
    const registered = new Map<string, ImageId>();
    const run = { engine, registered, report: world.context.report };
    const make = () => Promise.resolve(engine.addImage(name, {}).id);
    const one = await replaceImage(run, name, make);
    registered.set(name, one);
    const two = await replaceImage(run, name, make);
    registered.set(name, two);
    expect([engine.images.has(one), engine.images.has(two)]).toEqual([false, true]);
    await engine.tagImage(two, 'mine:v1');
    await replaceImage(run, name, make);
    expect((await engine.inspectImage('mine:v1'))?.id).toBe(two);
    expect(await replaceImage(run, 'mine:v1', () => Promise.resolve(two))).toBe(two);
    expect((await engine.inspectImage('mine:v1'))?.id).toBe(two);
    expect(world.messages('note')).toEqual([]);
  });

  it('only loses the name if zentoo did not commit it, and a note says so', async () => {
    using world = new BuildWorld();
    const { engine } = world;
    const foreign = engine.addImage(name, {}).id;
    const run = { engine, registered: new Map<string, ImageId>(), report: world.context.report };
    await replaceImage(run, name, () => Promise.resolve(engine.addImage(name, {}).id));
    expect(engine.images.has(foreign)).toBe(true);
    expect(world.messages('note')).toEqual([
      `the image ${foreign} lost its name ${name} to the new image, and stays: zentoo has no record that it made the image`,
    ]);
  });
});
