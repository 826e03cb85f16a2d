import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { holdCommand } from '../../../../src/container/container-scripts.ts';
import type { Engine } from '../../../../src/engine/engine.ts';
import { Failure } from '../../../../src/failure.ts';
import { openEngines } from '../../../../src/zentoo/engines/open-engines.ts';
import { FakeRefusal } from '../../../support/fake-engine/fake-engine-state.ts';
import { fakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { fakeTime, passTime, restoreTime } from '../../../support/fake-time.ts';
import { BuildWorld } from '../../builder/build-world.ts';
import { imageOf, SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const [tools, web] = [tupleOfSet('tools'), tupleOfSet('web')];

const far = (engine: Engine) => ({
  ...{ name: 'far', options: ['--context', 'far'] },
  connect: () => Promise.resolve(engine),
});

/** A site whose packages are compiled on its own engine and on one that has nothing of the site. */
class FurtherWorld extends SiteBuildWorld {
  readonly far = new BuildWorld();
  readonly engines = [far(this.far.engine)];

  constructor() {
    super([tools, web]);
    this.far.engine.onExec = this.sitePortage.script;
    this.addVolume('gentoo-distfiles');
    // What emerge --fetchonly brings.
    this.sitePortage.jobs.set('emerge-fetch', ({ container, command }) => {
      for (const word of command.filter((each) => each.startsWith('='))) {
        const name = /\/(.+?)(?:::|$)/.exec(word)?.[1];
        const place = container.filesAt(`/var/cache/distfiles/${name}.tar`);
        for (const [, file] of fakeFiles({ '/x': 'a source' })) place.files.set(place.path, file);
      }
      return 0;
    });
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.far[Symbol.dispose]();
  }

  /** The volumes of the far engine, without their digits. */
  get farVolumes(): readonly string[] {
    return [...this.far.engine.volumes.keys()].map((name) => name.replace(/[0-9a-f]{12}/, 'ID')).toSorted();
  }
}

const raise = () => {
  throw new Error('the site has no buildmaster');
};

const builtPackages = ['app-misc/tools-1.0', 'app-misc/web-3.1', 'dev-libs/lib-2'];
const kept = [
  ...['gentoo-logs', 'gentoo-repository'],
  ...['image-ID', 'tree-ID', 'tree-ID-whole'].map((word) => `zentoo-net-copy-${word}`),
];

describe('a build with a further engine', () => {
  afterEach(restoreTime);

  it('compiles a package there from copies, takes the package into the store, and makes the same images', async () => {
    using world = new FurtherWorld();
    const { outcomes, record } = await world.build(world.siteRun(), 1, { engines: world.engines });
    expect(outcomes.map(({ type }) => type)).toEqual(['built', 'built']);
    expect(world.sitePortage.compiled.toSorted()).toEqual(builtPackages);
    using alone = new SiteBuildWorld([tools, web]);
    await alone.build();
    for (const tuple of [tools, web])
      expect(world.filesOf(imageOf(tuple)).toSorted()).toEqual(alone.filesOf(imageOf(tuple)).toSorted());

    const tasks = world.events.flatMap((event) => (event.type === 'step-started' ? [event.task] : []));
    expect(tasks.filter((task) => task?.endsWith('@far'))).toHaveLength(1);
    expect(record.tasks.map(({ name }) => name)).toHaveLength(7);
    const specs = world.far.engine.calls.flatMap(({ method, args: [name, spec] }) =>
      method === 'createContainer' && /^gentoo-builder-[0-9a-f]+$/.test(String(name)) ? [spec] : [],
    );
    // The machine is for this one container.
    const { memory } = world.far.engine.engineInfo;
    expect(specs).toEqual([expect.objectContaining({ memory, cpuShares: 256, command: holdCommand(true) })]);
    expect([...world.far.engine.containers.values()]).toEqual([]);
    expect(world.farVolumes).toEqual(kept);
  });

  it('copies an image and a tree once, and the next build removes those that are not current any more', async () => {
    using world = new FurtherWorld();
    await world.build(world.siteRun(), 1, { engines: world.engines });
    const calls = (method: string) => world.far.engine.calls.filter((call) => call.method === method).length;
    const [[name, id] = raise()] = [...world.engine.imageNames].filter(([each]) => each.includes('/buildmaster:'));
    expect(world.far.engine.images.has(id)).toBe(true);
    for (const image of [name, imageOf(tools), imageOf(web)]) await world.engine.removeImage(image);
    const later = { ...world.siteRun(), revisions: new Map([['gentoo', 'd'.repeat(40)]]) };
    await world.build(later, 1, { engines: world.engines });
    expect(world.farVolumes.filter((volume) => volume.includes('-copy-'))).toEqual([]);
    expect(world.far.engine.images.has(id)).toBe(false);
    expect(calls('loadImages')).toBe(1);
  });

  const whole = 'copying the image sha256:ID to the engine far';
  it.each([
    ['the layers that it lacks of an image', { hasBase: true, refuses: false, notes: [`${whole} (1 of 2 layers)`] }],
    ['all layers of an image whose base it lacks', { hasBase: false, refuses: false, notes: [whole] }],
    [
      'all layers if it refuses those that it lacks',
      { hasBase: true, refuses: true, notes: [`${whole} (1 of 2 layers)`, whole] },
    ],
  ])('gets %s', async (_, { hasBase, refuses, notes }) => {
    using world = new FurtherWorld();
    const base = await world.engine.inspectImage(tools.stage.image);
    if (hasBase) world.far.engine.addImage('base', { layers: base?.layers ?? [] });
    const error = new FakeRefusal(500, 'no such file or directory');
    if (refuses) world.far.engine.fault({ method: 'loadImages', nth: 1, error });
    await world.build(world.siteRun(), 1, { engines: world.engines });
    const said = world.events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
    const copied = said.filter((message) => message.startsWith('copying'));
    expect(copied.map((message) => message.replace(/[0-9a-f]{12}/, 'ID'))).toEqual(notes);
    expect(world.sitePortage.compiled.toSorted()).toEqual(builtPackages);
  });

  it('compiles nothing there for a cpu whose code its machine cannot run', async () => {
    using world = new FurtherWorld();
    const { script } = world.sitePortage;
    let asked = 0;
    world.far.engine.onExec = (container, request, streams) => {
      if (!request.command.includes('zentoo-cpu')) return script(container, request, streams);
      asked += 1;
      return { stdout: 'flags : sse\n\0#define __AVX2__ 1\n' };
    };
    const { outcomes } = await world.build(world.siteRun(), 1, { engines: world.engines });
    expect(asked).toBe(1);
    expect(outcomes.map(({ type }) => type)).toEqual(['built', 'built']);
    expect(world.sitePortage.compiled.toSorted()).toEqual(builtPackages);
    const warnings = world.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings.join('\n')).toMatch(
      /^the engine far compiles nothing for the cpu (\S+): failed to use the cpu \1: the machine of the engine lacks avx2$/m,
    );
  });

  it('uses no ccache, no tmpfs and no kept containers there', async () => {
    using world = new FurtherWorld();
    const tmpfs = { directory: '/var/tmp/portage', excluded: '/x', size: 1, bigPackages: [] };
    const run = { ...world.siteRun({ ccache: true }), tmpfs, keepFailed: true };
    await using engine = new AsyncDisposableStack();
    const [opened] = await openEngines(run, world.engines);
    if (opened !== undefined) engine.use(opened);
    expect(opened?.run).toMatchObject({ site: { ccache: false }, tmpfs: undefined, keepFailed: false });
  });

  it('copies a tree again that changed and has the same revision', async () => {
    using world = new FurtherWorld();
    const digests = () =>
      [...world.far.engine.volumes].flatMap(([name, { labels }]) =>
        name.endsWith('-whole') ? labels['zentoo.files'] : [],
      );
    const copied = () =>
      world.far.engine.calls.filter(
        ({ method, args }) => method === 'writeArchive' && args[1] === '/var/db/repos/gentoo',
      ).length;
    const build = async (digest: string) => {
      world.sitePortage.answers.set('tree-digest', { stdout: `${digest}\n` });
      for (const name of world.engine.imageNames.keys())
        if (name.startsWith('zentoo/')) await world.engine.removeImage(name);
      for (const { source } of [world.siteRun().mounts.binpkgs]) world.engine.volumes.get(source)?.files.clear();
      await world.build(world.siteRun(), 1, { engines: world.engines });
      return [copied(), ...digests()];
    };
    expect(await build('one')).toEqual([1, 'one']);
    expect(await build('one')).toEqual([1, 'one']);
    expect(await build('two')).toEqual([2, 'two']);
  });

  it('goes on without an engine that is lost, and compiles its package elsewhere 20 s later', async () => {
    fakeTime();
    using world = new FurtherWorld();
    const error = new Failure('engine-lost', 'failed to create an exec: lost the Docker engine');
    world.far.engine.fault({ method: 'execDetached', error });
    world.far.engine.fault({ method: 'isAnswering' });
    const { outcomes } = await passTime(world.build(world.siteRun(), 1, { engines: world.engines }));
    expect(outcomes.map(({ type }) => type)).toEqual(['built', 'built']);
    expect(world.sitePortage.compiled.toSorted()).toEqual(builtPackages);
    const warnings = world.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings.filter((message) => !message.startsWith('the tree gentoo'))).toEqual([
      expect.stringMatching(
        /^the engine far was lost with app-misc\/\w+-[\d.]+, which is compiled elsewhere in 20 s: failed/,
      ),
    ]);
  });

  it('removes at the end what it left on an engine that was lost and answers again', async () => {
    fakeTime();
    using world = new FurtherWorld();
    const error = new Failure('engine-lost', 'failed to create an exec: lost the Docker engine');
    world.far.engine.fault({ method: 'execDetached', error });
    world.far.engine.fault({ method: 'containersWithVolume', nth: 1, error });
    const { outcomes } = await passTime(world.build(world.siteRun(), 1, { engines: world.engines }));
    expect(outcomes.map(({ type }) => type)).toEqual(['built', 'built']);
    expect(world.events.map((event) => ('message' in event ? event.message : '')).join('\n')).toContain(
      'failed to remove the containers and the work volume of the build',
    );
    expect([...world.far.engine.containers.values()]).toEqual([]);
    expect(world.farVolumes).toEqual(kept);
  });

  const full = new FakeRefusal(500, 'write /var/lib/docker/x: no space left on device');
  const warningsOf = (world: FurtherWorld) =>
    world.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

  it.each(['loadImages', 'writeArchive', 'createContainer'] as const)(
    'compiles a package elsewhere if the disk of an engine is full at %s, and names the engine',
    async (method) => {
      using world = new FurtherWorld();
      world.far.engine.fault({ method, error: full });
      const { outcomes } = await world.build(world.siteRun(), 1, { engines: world.engines });
      expect(outcomes.map(({ type }) => type)).toEqual(['built', 'built']);
      expect(warningsOf(world)).toContainEqual(
        expect.stringMatching(/^far does not compile \S+: .*: no space left on device$/),
      );
    },
  );

  it('refuses an engine with a volume of somebody else that has the name of a copy, and leaves the volume alone', async () => {
    using world = new FurtherWorld();
    const name = 'zentoo-net-copy-distfiles';
    await world.far.engine.createVolume(name, { owner: 'somebody' });
    await expect(world.build(world.siteRun(), 1, { engines: world.engines })).rejects.toMatchObject({
      code: 'node-unfit',
      message: `failed to use the further engine far: another program made its volume ${name}`,
      hint: `remove the volume if nobody needs it: docker --context far volume rm ${name}`,
    });
    expect(world.far.engine.volumes.has(name)).toBe(true);
  });

  it('names an engine whose disk is full at the beginning', async () => {
    using world = new FurtherWorld();
    world.far.engine.fault({ method: 'createVolume', error: full });
    await expect(world.build(world.siteRun(), 1, { engines: world.engines })).rejects.toMatchObject({
      code: 'engine-refused',
      message: `failed to use the further engine far: the engine says: ${full.message}`,
    });
  });

  it('takes in a package once, if it comes from a lost engine while it is compiled elsewhere', async () => {
    fakeTime();
    using world = new FurtherWorld();
    const { engine } = world.far;
    let heard: number | undefined;
    Object.assign(engine, { lastHeard: () => heard ?? performance.now() });
    engine.fault({ method: 'isAnswering' });
    // The package is on its way when the engine is lost, and comes 5 s later.
    const readArchive = engine.readArchive.bind(engine);
    vi.spyOn(engine, 'readArchive').mockImplementation(async (id, path) => {
      if (path.startsWith('/var/cache/binpkgs/')) {
        heard ??= performance.now();
        await delay(25_000);
      }
      return readArchive(id, path);
    });
    const taken = vi.spyOn(world.sitePortage.damagedNew, 'get');
    const { outcomes } = await passTime(world.build(world.siteRun(), 1, { engines: world.engines }));
    expect(outcomes.map(({ type }) => type)).toEqual(['built', 'built']);
    const compiled = world.sitePortage.compiled.toSorted();
    expect(compiled).toHaveLength(builtPackages.length + 1);
    expect(new Set(compiled)).toEqual(new Set(builtPackages));
    expect(taken.mock.calls.flat().toSorted()).toEqual(builtPackages);
  });

  it('names the engine in the command that shows the log of a package that failed there', async () => {
    using world = new FurtherWorld();
    world.sitePortage.jobs.set('emerge-compile', ({ container, print }) => {
      if (!world.far.engine.containers.has(container.id)) return 0;
      print(
        `>>> Failed to emerge app-misc/web-3.1, Log file:\n * ERROR: app-misc/web-3.1::gentoo failed (compile phase):\n`,
      );
      return 1;
    });
    const { outcomes } = await world.build(world.siteRun(), 1, { engines: world.engines });
    const hints = outcomes
      .flatMap((outcome) => (outcome.type === 'failed' ? outcome.failures : []))
      .map(({ hint }) => hint);
    const [[, id] = raise()] = [...world.engine.imageNames].filter(([each]) => each.includes('/buildmaster:'));
    expect(hints.join('\n')).toMatch(
      new RegExp(
        `docker --context far run --rm --entrypoint cat -v gentoo-logs:/log:ro ${id} -v /log/\\S+compile\\.log$`,
        'm',
      ),
    );
  });

  it.each([
    ['the same engine', (world: FurtherWorld) => world.engine, /it is the same engine as the site's own engine$/],
    [
      'Podman',
      ({ far }: FurtherWorld) => Object.assign(far.engine, { flavour: 'podman' }),
      /failed to use the further engine far: it is Podman/,
    ],
    [
      'another architecture',
      ({ far }: FurtherWorld) =>
        Object.assign(far.engine, { engineInfo: { ...far.engine.engineInfo, architecture: 'aarch64' } }),
      /its architecture is aarch64, and that of the site's own engine is x86_64$/,
    ],
  ])('refuses %s', async (_, choose, message) => {
    using world = new FurtherWorld();
    const engines = [far(choose(world))];
    const built = world.build(world.siteRun(), 1, { engines });
    await expect(built).rejects.toMatchObject({
      code: 'node-unfit',
      message: expect.stringMatching(message) as string,
    });
    expect([...world.engine.volumes.keys()].filter((name) => name.startsWith('zentoo-marker-'))).toEqual([]);
  });
});
