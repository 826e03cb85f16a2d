import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commitChanges, commitImage, packagesLabel, type ImageFacts } from '../../../src/build/commit-image.ts';
import { EngineRefusal, type Image } from '../../../src/engine/engine.ts';
import { Failure } from '../../../src/failure.ts';
import { applyChanges, fakeImage } from '../../support/fake-engine-state.ts';
import { baseName, buildRequest, BuildWorld, packages } from './build-world.ts';
import { fakeTime, passTime, stopwatch } from './fake-time.ts';

vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises);
vi.mock('node:perf_hooks', async () => (await import('./fake-time.ts')).perfHooks);

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

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
  return applyChanges(commitChanges(facts(world, parts))).labels;
}

function withBase(image: Partial<Image>, name = baseName): Partial<ImageFacts> {
  using world = new BuildWorld();
  return { ready: { ...world.ready, base: { name, image: fakeImage(image) } } };
}

describe('the instructions of a commit', () => {
  it("give back the base's own entrypoint", () => {
    using world = new BuildWorld();
    const entrypoint = ['/bin/entry', 'with "quotes" and $dollars'];
    const changes = commitChanges(facts(world, withBase({ entrypoint })));
    expect(applyChanges(changes).entrypoint).toEqual(entrypoint);
  });

  it('declare the two volumes, and a shell as the command', () => {
    using world = new BuildWorld();
    const changes = commitChanges(facts(world));
    expect(applyChanges(changes).volumes).toEqual(['/usr/portage', '/var/tmp/portage']);
    expect(changes).toContain('CMD ["/bin/bash"]');
  });

  it('label the image with when it was made, from what, and what is in it', () => {
    expect(labels({ packages: ['app-misc/hello-2.10', 'dev-libs/b-2'] })).toEqual({
      [title]: 'app-misc/hello',
      [version]: '2.10',
      'org.opencontainers.image.created': '2026-02-03T04:05:06.000Z',
      [baseNameLabel]: baseName,
      [digest]: 'sha256:beef',
      [packagesLabel]: 'app-misc/hello-2.10 dev-libs/b-2',
    });
  });

  it('name what the image was made of, and never what its base was made of', () => {
    const label = 'gentoo-builder.fingerprint';
    expect(labels({ fingerprint: 'f1' })[label]).toBe('f1');
    expect(labels(withBase({ labels: { [label]: 'f0' } }))[label]).toBe('');
  });

  it('have no digest for a base that has none', () => {
    expect(labels(withBase({ digests: [] }))).not.toHaveProperty([digest]);
  });

  it.each([
    ['the version of the one package', packages('app-misc/hello'), ['app-misc/hello-2.10', 'dev-libs/b-2'], '2.10'],
    ['the version of one that was asked for by name alone', packages('hello'), ['app-misc/hello-2.10-r1'], '2.10-r1'],
    ['the version that came of a range', packages('>=app-misc/hello-2'), ['app-misc/hello-2.10'], '2.10'],
    [
      'the day for several packages',
      packages('app-misc/hello', 'dev-libs/b'),
      ['app-misc/hello-2.10', 'dev-libs/b-2'],
      '20260203',
    ],
    ['the day for a set', packages('@world'), ['app-misc/hello-2.10'], '20260203'],
    ['the day where nothing was merged', packages('app-misc/hello'), [], '20260203'],
  ])('have as version %s', (_what, asked, merged, expected) => {
    expect(labels({ request: buildRequest({ packages: asked }), packages: merged })[version]).toBe(expected);
  });

  it('keep any text in a label as it is, in one line and with nothing that the engine would expand', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', '\\', '$', '${HOME}', "'", ' ', '=', '#'),
        fc.string({ unit: 'grapheme', maxLength: 3 }),
      ),
    });
    const oneLine = text.filter((value) => !/[\n\r]/.test(value));
    const property = fc.property(oneLine, fc.array(oneLine), oneLine, (asked, merged, name) => {
      using world = new BuildWorld();
      const changes = commitChanges(
        facts(world, { ...withBase({}, name), request: buildRequest({ packages: packages(asked) }), packages: merged }),
      );
      const found = applyChanges(changes).labels;
      expect([found[title], found[packagesLabel], found[baseNameLabel]]).toEqual([asked, merged.join(' '), name]);
      for (const change of changes.filter((line) => line.startsWith('LABEL'))) {
        const value = change.slice(change.indexOf('=') + 1);
        expect(value).toMatch(/^"(?:[^"\\$]|\\.)*"$/su);
      }
    });
    fc.assert(property);
  });
});

const lost = new Failure('engine-lost', 'lost the engine');

async function commit(world: BuildWorld, parts: Partial<ImageFacts> = {}): Promise<unknown> {
  const container = await world.buildContainer();
  return passTime(commitImage(world.context, container, facts(world, parts)).catch((error: unknown) => error));
}

describe('a commit', () => {
  it.each([
    ['was lost', lost],
    ['a proxy did not wait for (502)', new EngineRefusal(502, 'Bad Gateway')],
    ['a proxy did not wait for (504)', new EngineRefusal(504, 'Gateway Timeout')],
  ])('whose answer %s is found again by its name, and not made twice', async (_what, error) => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error, afterEffect: true });
    const image = (await commit(world)) as { id: string; name: string };
    expect(image).toMatchObject({ name: expect.stringMatching(/^gentoo-[0-9a-f]{4}$/) as string });
    expect(image.id).toBe(world.engine.imageNames.get(`${image.name}:latest`));
    expect(world.calls('commitContainer')).toHaveLength(1);
  });

  it('whose answer was lost while the engine goes on is waited for, though the engine does not answer at first', async () => {
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

  it('of which nothing is seen for twenty seconds fails as the engine was lost, and is not made again', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error: lost });
    const elapsed = stopwatch();
    expect(await commit(world)).toBe(lost);
    expect(Math.round(elapsed() / 1000)).toBe(20);
    expect(world.calls('commitContainer')).toHaveLength(1);
  });

  it('is waited for as long again as it had taken', async () => {
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
    ['no space left on device', /docker system df/],
    ['something else', /--keep-failed/],
  ])('that the engine refuses has failed, with a hint: %s', async (message, hint) => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error: new EngineRefusal(500, message) });
    expect(await commit(world)).toMatchObject({
      code: 'commit-failed',
      exitStatus: 50,
      message: expect.stringMatching(new RegExp(`^failed to commit gentoo-[0-9a-f]{4}: ${message}$`)) as string,
      hint: expect.stringMatching(hint) as string,
    });
    expect(world.calls('commitContainer')).toHaveLength(1);
  });

  it('adds the names that were asked for, in their order', async () => {
    using world = new BuildWorld();
    const image = await commit(world, { request: buildRequest({ tags: ['b:1', 'a:2'] }) });
    expect(image).toMatchObject({ tags: ['b:1', 'a:2'] });
    expect(world.calls('tagImage').map(([, name]) => name)).toEqual(['b:1', 'a:2']);
  });

  it('whose tag is refused says how to add it: the image is there', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'tagImage', nth: 2, error: new EngineRefusal(400, 'invalid reference format') });
    const failure = await commit(world, { request: buildRequest({ tags: ['good:1', 'bad:1', 'never:1'] }) });
    const name = String(world.calls('renameContainer')[0]?.[1]);
    expect(failure).toMatchObject({
      code: 'tag-failed',
      exitStatus: 51,
      message: `failed to tag ${name} as bad:1: invalid reference format`,
      hint: `the image is there: docker tag ${name} bad:1`,
    });
    expect(world.engine.imageNames.has('good:1')).toBe(true);
    expect(world.engine.imageNames.has(`${name}:latest`)).toBe(true);
  });
});
