import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commitImage, imageSettings, packagesLabel, type ImageFacts } from '../../../src/builder/commit-image.ts';
import { labelInstructions, readLabel } from '../../../src/engine/image-labels.ts';
import type { Image } from '../../../src/engine/images.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure } from '../../../src/failure.ts';
import { applyChanges, fakeImage } from '../../support/fake-engine/fake-engine-state.ts';
import { baseName, buildRequest, BuildWorld, packages } from './build-world.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const title = 'org.opencontainers.image.title';
const version = 'org.opencontainers.image.version';
const baseNameLabel = 'org.opencontainers.image.base.name';
const digest = 'org.opencontainers.image.base.digest';

function facts(world: BuildWorld, parts: Partial<ImageFacts> = {}): ImageFacts {
  return {
    request: buildRequest(),
    ready: world.ready,
    packages: ['app-misc/hello-2.10'],
    fingerprint: undefined,
    created: new Date('2026-02-03T04:05:06Z'),
    ...parts,
  };
}

function labels(parts: Partial<ImageFacts> = {}): Readonly<Record<string, string>> {
  using world = new BuildWorld();
  return imageSettings(facts(world, parts)).labels;
}

function withBase(image: Partial<Image>, name = baseName): Partial<ImageFacts> {
  using world = new BuildWorld();
  return { ready: { ...world.ready, base: { name, image: fakeImage(image) } } };
}

describe('the instructions of a commit', () => {
  it("restore the base's entrypoint", () => {
    using world = new BuildWorld();
    const entrypoint = ['/bin/entry', 'with "quotes" and $dollars'];
    const { changes } = imageSettings(facts(world, withBase({ entrypoint })));
    expect(applyChanges(changes).entrypoint).toEqual(entrypoint);
  });

  it.each(['1000:1000', 'portage', ''])("case 2.10: restore the base's user %j", (user) => {
    using world = new BuildWorld();
    const { changes } = imageSettings(facts(world, withBase({ user })));
    expect(changes.filter((line) => line.startsWith('USER'))).toEqual(user === '' ? [] : [`USER ${user}`]);
  });

  it('declare the two volumes, and a shell as the command', () => {
    using world = new BuildWorld();
    const { changes } = imageSettings(facts(world));
    expect(applyChanges(changes).volumes).toEqual(['/usr/portage', '/var/tmp/portage']);
    expect(changes).toContain('CMD ["/bin/bash"]');
  });

  it('label the image with its time, its base and its packages', () => {
    expect(labels({ packages: ['app-misc/hello-2.10', 'dev-libs/b-2'] })).toEqual({
      [title]: 'app-misc/hello',
      [version]: '2.10',
      'org.opencontainers.image.created': '2026-02-03T04:05:06.000Z',
      [baseNameLabel]: baseName,
      [digest]: 'sha256:beef',
      [packagesLabel]: 'app-misc/hello-2.10 dev-libs/b-2',
      'gentoo-builder.format': '1',
    });
  });

  it("have the image's fingerprint and never the fingerprint of its base", () => {
    const label = 'gentoo-builder.fingerprint';
    expect(labels({ fingerprint: 'f1' })[label]).toBe('f1');
    expect(labels(withBase({ labels: { [label]: 'f0' } }))[label]).toBe('');
  });

  it('have the format of this program, whatever the format of the base is', () => {
    expect(labels(withBase({ labels: { 'gentoo-builder.format': '7' } }))['gentoo-builder.format']).toBe('1');
  });

  it('have no digest label if the base has no digest', () => {
    expect(labels(withBase({ digests: [] }))).not.toHaveProperty([digest]);
  });

  it.each([
    ['the version of the one package', packages('app-misc/hello'), ['app-misc/hello-2.10', 'dev-libs/b-2'], '2.10'],
    [
      'the version of a package that was named without its category',
      packages('hello'),
      ['app-misc/hello-2.10-r1'],
      '2.10-r1',
    ],
    ['the version that was merged for a range', packages('>=app-misc/hello-2'), ['app-misc/hello-2.10'], '2.10'],
    [
      'the date for several packages',
      packages('app-misc/hello', 'dev-libs/b'),
      ['app-misc/hello-2.10', 'dev-libs/b-2'],
      '20260203',
    ],
    ['the date for a set', packages('@world'), ['app-misc/hello-2.10'], '20260203'],
    ['the date if no package was merged', packages('app-misc/hello'), [], '20260203'],
  ])('label the image with %s', (_what, asked, merged, expected) => {
    expect(labels({ request: buildRequest({ packages: asked }), packages: merged })[version]).toBe(expected);
  });

  it('case 3.1: have a list of 2,600 packages, and a title of as many that were asked for', () => {
    const many = Array.from({ length: 2600 }, (_, index) => `dev-category/a-package-with-a-long-name${index}-1.2.3-r4`);
    const asked = packages(...many.map((cpv) => `=${cpv}`));
    const found = labels({ packages: many, request: buildRequest({ packages: asked }) });
    expect(readLabel(found, packagesLabel)).toBe(many.join(' '));
    expect(found[title]).toMatch(/^=dev-category\/a-package-with-a-long-name0-1\.2\.3-r4 .* and 25\d\d more$/);
    expect(found[title]?.length).toBeLessThan(4200);
  });

  it('escape any text of a label, so that it is one line and the engine expands nothing in it', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', '\\', '$', '${HOME}', "'", ' ', '=', '#'),
        fc.string({ unit: 'grapheme', maxLength: 3 }),
      ),
    });
    const oneLine = text.filter((value) => !/[\n\r]/.test(value));
    const property = fc.property(oneLine, fc.array(oneLine), oneLine, (asked, merged, name) => {
      using world = new BuildWorld();
      const settings = imageSettings(
        facts(world, { ...withBase({}, name), request: buildRequest({ packages: packages(asked) }), packages: merged }),
      );
      const changes = labelInstructions(settings.labels);
      const found = applyChanges(changes).labels;
      expect([found[title], found[packagesLabel], found[baseNameLabel]]).toEqual([asked, merged.join(' '), name]);
      for (const change of changes) {
        const value = change.slice(change.indexOf('=') + 1);
        expect(value).toMatch(/^"(?:[^"\\$]|\\.)*"$/su);
      }
    });
    fc.assert(property);
  });
});

const lost = new Failure('engine-lost', 'lost the engine');

async function commit(world: BuildWorld, parts: Partial<ImageFacts> = {}): Promise<unknown> {
  const container = await world.session();
  return passTime(commitImage(container, facts(world, parts)).catch((error: unknown) => error));
}

describe('a commit', () => {
  it.each([
    ['the answer is lost', lost],
    ['a proxy does not wait for the answer (502)', new EngineRefusal(502, 'Bad Gateway')],
    ['a proxy does not wait for the answer (504)', new EngineRefusal(504, 'Gateway Timeout')],
  ])('finds the image by its name and does not commit twice if %s', async (_what, error) => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error, afterEffect: true });
    const image = (await commit(world)) as { id: string; name: string };
    expect(image).toMatchObject({ name: expect.stringMatching(/^gentoo-[0-9a-f]{4}$/) as string });
    expect(image.id).toBe(world.engine.imageNames.get(`${image.name}:latest`));
    expect(world.calls('commitContainer')).toHaveLength(1);
  });

  it('waits for the image if the answer is lost and the engine does not answer at first', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error: lost });
    world.onCall = (method, nth) => {
      if (method !== 'inspectImage') return;
      if (nth === 3) world.engine.fault({ method: 'inspectImage', nth: 1, error: lost });
      if (nth === 10) world.engine.addImage(String(world.calls('renameContainer')[0]?.[1]));
    };
    expect(await commit(world)).toMatchObject({ name: expect.stringMatching(/^gentoo-/) as string });
    expect(world.calls('commitContainer')).toHaveLength(1);
  });

  it('fails as engine-lost and is not repeated if the image does not appear within twenty seconds', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error: lost });
    const elapsed = stopwatch();
    expect(await commit(world)).toBe(lost);
    expect(Math.round(elapsed() / 1000)).toBe(20);
    expect(world.calls('commitContainer')).toHaveLength(1);
  });

  it('waits for the image as long as the lost call had taken', async () => {
    using world = new BuildWorld();
    world.engine.commitContainer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      throw lost;
    };
    const elapsed = stopwatch();
    expect(await commit(world)).toBe(lost);
    expect(Math.round(elapsed() / 1000)).toBe(120);
  });

  it.each([
    [
      'no space left on device',
      "the disk of the engine's data directory is full: `docker system df` shows how much images, containers and volumes use",
    ],
    ['something else', 'run again with --keep-failed to keep the container, and look into it'],
  ])('fails with a hint if the engine refuses it: %s', async (message, hint) => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error: new EngineRefusal(500, message) });
    expect(await commit(world)).toMatchObject({
      code: 'commit-failed',
      exitStatus: 50,
      message: expect.stringMatching(new RegExp(`^failed to commit gentoo-[0-9a-f]{4}: ${message}$`)) as string,
      hint,
    });
    expect(world.calls('commitContainer')).toHaveLength(1);
  });

  it('adds the requested tags in order', async () => {
    using world = new BuildWorld();
    const image = await commit(world, { request: buildRequest({ tags: ['b:1', 'a:2'] }) });
    expect(image).toMatchObject({ tags: ['b:1', 'a:2'] });
    expect(world.calls('tagImage').map(([, name]) => name)).toEqual(['b:1', 'a:2']);
  });

  it('keeps the image if the engine refuses a tag, and hints how to add the tag', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'tagImage', nth: 2, error: new EngineRefusal(400, 'invalid reference format') });
    const failure = await commit(world, { request: buildRequest({ tags: ['good:1', 'bad:1', 'never:1'] }) });
    const name = String(world.calls('renameContainer')[0]?.[1]);
    expect(failure).toMatchObject({
      code: 'tag-failed',
      exitStatus: 51,
      message: `failed to tag ${name} as bad:1: invalid reference format`,
      hint: `the image exists; tag it by hand: docker tag ${name} bad:1`,
    });
    expect(world.engine.imageNames.has('good:1')).toBe(true);
    expect(world.engine.imageNames.has(`${name}:latest`)).toBe(true);
  });
});
