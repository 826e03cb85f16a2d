import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage, planBuild } from '../../../src/build/build-image.ts';
import { checkPreconditions } from '../../../src/build/check-preconditions.ts';
import type { BuildRequest } from '../../../src/build/build-request.ts';
import { EngineRefusal, type Mount } from '../../../src/engine/engine.ts';
import { Failure, failuresOf } from '../../../src/failure.ts';
import { fakeFiles } from '../../support/fake-engine-files.ts';
import { fakeImage } from '../../support/fake-engine-state.ts';
import { baseName, buildRequest, BuildWorld, filledTree, newLayout, nothing, oldLayout } from './build-world.ts';
import { fakeTime, passTime } from './fake-time.ts';

vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises);

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const workspace = { run: '0123456789abcdef', volume: 'gentoo-builder-0123456789abcdef' };
const invalid = (name: string): Failure => new Failure('invalid-package', `failed to parse the package ${name}`);
const everything = Number.MAX_SAFE_INTEGER;

function check(world: BuildWorld, parts: Partial<BuildRequest> = {}) {
  return passTime(checkPreconditions(buildRequest(parts), world.context, workspace));
}

/** The failures of a check that fails, as their codes. */
async function codes(world: BuildWorld, parts: Partial<BuildRequest> = {}): Promise<readonly string[]> {
  const error = await check(world, parts).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(world.left.containers).toEqual([]);
  return failuresOf(error).map(({ code }) => code);
}

/** A world without the base, which a registry has. */
function worldWithRegistry(files: Readonly<Record<string, string>> = newLayout): BuildWorld {
  const world = new BuildWorld();
  world.engine.images.clear();
  world.engine.imageNames.clear();
  world.engine.registry.set(baseName, fakeImage({ files: fakeFiles(files) }));
  return world;
}

function mounts(...all: Partial<Mount>[]): readonly Mount[] {
  return all.map((mount) => ({ type: 'volume', source: 'v', target: '/', readOnly: false, ...mount }));
}

describe('the preconditions', () => {
  it('find everything that the later steps rest on', async () => {
    using world = new BuildWorld();
    const volume = { type: 'volume', origin: 'default', readOnly: false };
    expect(await check(world)).toEqual({
      base: { name: baseName, image: world.engine.images.get([...world.engine.images.keys()][0] ?? ('' as never)) },
      system: {
        repository: {
          name: 'gentoo',
          location: '/var/db/repos/gentoo',
          syncType: 'git',
          syncUri: 'file:///srv/gentoo',
          autoSync: true,
        },
        otherSyncs: false,
      },
      treeState: 'filled',
      tree: { role: 'tree', source: 'gentoo-repository', ...volume },
      binpkgs: { role: 'binpkgs', source: 'gentoo-binpkgs', ...volume },
      distfiles: { role: 'distfiles', source: 'gentoo-distfiles', ...volume },
      logs: { role: 'logs', source: 'gentoo-logs', ...volume },
      tmpfs: { size: undefined },
    });
  });

  it("find where the base's own Portage looks for the tree in the old layout", async () => {
    using world = new BuildWorld({ base: oldLayout });
    expect((await check(world)).system?.repository).toMatchObject({ location: '/usr/portage', syncType: 'rsync' });
  });

  it('report all that is wrong at once, in the order tree, packages, base, disk', async () => {
    using world = new BuildWorld({ base: {}, tree: { '/photo': '' } });
    world.engine.volumes.delete('gentoo-repository');
    world.addVolume('gentoo-repository', { '/photo': '' });
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/' };
    // The last one in the list is the first one to be known, and the other way round.
    world.engine.fault({ method: 'createContainer', nth: 1, delay: 3000 });
    world.engine.fault({ method: 'createContainer', nth: 2, delay: 2000 });
    const wrong = { invalidPackages: [invalid('a'), invalid('b')], minFree: everything };
    expect(await codes(world, wrong)).toEqual([
      'tree-unusable',
      'invalid-package',
      'invalid-package',
      'base-unusable',
      'disk-space',
    ]);
  });

  it('refuse packages that are none, though all else is right', async () => {
    using world = new BuildWorld();
    expect(await codes(world, { invalidPackages: [invalid('-C')] })).toEqual(['invalid-package']);
  });

  it('refuse a base without emerge, by its name', async () => {
    using world = new BuildWorld({ base: { '/bin/sh': '' } });
    await expect(check(world)).rejects.toMatchObject({
      all: [
        {
          code: 'base-unusable',
          message: `failed to use the base ${baseName}: it has no emerge (/usr/bin/emerge)`,
          hint: expect.stringContaining('--base') as string,
        },
      ],
    });
  });

  it('refuse too little room', async () => {
    using world = new BuildWorld();
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/' };
    expect(await codes(world, { minFree: everything })).toEqual(['disk-space']);
    expect(await check(world, { minFree: 0 })).toBeDefined();
  });

  it('refuse a make.conf that cannot be read', async () => {
    using world = new BuildWorld();
    expect(await codes(world, { makeConf: '/nowhere/make.conf' })).toEqual(['usage']);
  });

  it.each([
    ['/var/cache/binpkgs', '--no-binpkgs'],
    ['/var/cache/distfiles', 'without :ro'],
    ['/var/log/portage', 'without :ro'],
  ])('refuse what is mounted read-only in the builder at %s', async (target, hint) => {
    using world = new BuildWorld();
    await world.startSelf(mounts({ source: 'mine', target, readOnly: true }));
    await expect(check(world)).rejects.toMatchObject({
      all: [{ code: 'mount-unusable', exitStatus: 18, hint: expect.stringContaining(hint) as string }],
    });
  });

  it('do not mind read-only packages that are not used', async () => {
    using world = new BuildWorld();
    await world.startSelf(mounts({ source: 'mine', target: '/var/cache/binpkgs', readOnly: true }));
    expect(await check(world, { binpkgs: false })).toMatchObject({ binpkgs: undefined });
  });

  it('refuse a directory for logs that the host does not have', async () => {
    using world = new BuildWorld();
    refuseHostPath(world, '/srv/logs');
    await expect(check(world, { logDir: '/srv/logs' })).rejects.toMatchObject({
      all: [
        {
          code: 'mount-unusable',
          message: expect.stringContaining('/srv/logs') as string,
          hint: expect.stringContaining('mkdir -p /srv/logs') as string,
        },
      ],
    });
  });

  it('hand on what is mounted in the builder itself', async () => {
    using world = new BuildWorld();
    world.addVolume('my-tree', filledTree);
    await world.startSelf(
      mounts(
        { source: 'my-tree', target: '/usr/portage' },
        { type: 'bind', source: '/home/distfiles', target: '/var/cache/distfiles' },
      ),
    );
    expect(await check(world)).toMatchObject({
      tree: { type: 'volume', source: 'my-tree', origin: 'given' },
      distfiles: { type: 'bind', source: '/home/distfiles' },
      binpkgs: { source: 'gentoo-binpkgs', origin: 'default' },
    });
  });

  it('wait for all checks before they report, so that no look into something outlives them', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'inspectVolume', error: new EngineRefusal(500, 'ill') });
    world.engine.fault({ method: 'createContainer', delay: 5000 });
    await expect(passTime(buildImage(buildRequest(), world.context))).rejects.toThrow('ill');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(world.left).toEqual(nothing);
  });
});

describe('a base that the engine does not have', () => {
  it('is pulled when all else is right, and looked into then', async () => {
    using world = worldWithRegistry();
    expect(await check(world)).toMatchObject({
      base: { name: baseName, image: { layers: [expect.any(String)] } },
      treeState: 'filled',
      system: { repository: { syncType: 'git' } },
    });
    expect(world.calls('pullImage')).toHaveLength(1);
  });

  it.each([
    ['a package is none', { invalidPackages: [invalid('-C')] }, ['invalid-package']],
    ['there is too little room', { minFree: everything }, ['disk-space']],
    ['the make.conf is missing', { makeConf: '/nowhere' }, ['usage']],
  ] as const)('is not pulled while %s', async (_what, parts, expected) => {
    using world = worldWithRegistry();
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/' };
    expect(await codes(world, parts)).toEqual(expected);
    expect(world.calls('pullImage')).toEqual([]);
  });

  it('is not pulled while the tree is foreign, which the image of the builder itself shows', async () => {
    using world = worldWithRegistry();
    await world.startSelf();
    world.addVolume('mine', { '/photo': '' });
    expect(await codes(world, { tree: 'mine' })).toEqual(['tree-unusable']);
    expect(world.calls('pullImage')).toEqual([]);
  });

  it('is pulled before the tree is looked at where nothing else can show it', async () => {
    using world = worldWithRegistry();
    world.addVolume('mine', { '/photo': '' });
    expect(await codes(world, { tree: 'mine' })).toEqual(['tree-unusable']);
    expect(world.calls('pullImage')).toHaveLength(1);
  });

  it('is pulled before the directory for logs is looked at where nothing else can show it', async () => {
    using world = worldWithRegistry();
    refuseHostPath(world, '/srv/logs');
    expect(await codes(world, { logDir: '/srv/logs' })).toEqual(['mount-unusable']);
  });

  it('is refused when it turns out to have no emerge', async () => {
    using world = worldWithRegistry({ '/bin/sh': '' });
    expect(await codes(world)).toEqual(['base-unusable']);
  });

  it('is refused when no registry has it', async () => {
    using world = worldWithRegistry();
    await expect(check(world, { base: 'gentoo/nothing' })).rejects.toMatchObject({
      code: 'base-unusable',
      message: expect.stringContaining('there is no such image') as string,
    });
  });
});

describe('a dry run', () => {
  it('pulls nothing, and makes nothing that stays', async () => {
    using world = worldWithRegistry();
    world.engine.volumes.clear();
    const plan = await passTime(planBuild(buildRequest({ dryRun: true }), world.context));
    expect(plan[0]).toBe(`pull the base ${baseName}, which the engine does not have`);
    expect(world.calls('pullImage')).toEqual([]);
    expect(world.left).toEqual(nothing);
    expect([...world.engine.volumes.keys()]).toEqual([]);
    expect(world.engine.images.size).toBe(0);
  });

  it('starts nothing, and leaves the volumes as they are, where all is there', async () => {
    using world = new BuildWorld();
    const plan = await passTime(planBuild(buildRequest({ dryRun: true }), world.context));
    expect(plan).toContain('sync the tree by git');
    expect(world.engine.calls.filter(({ method }) => /^(start|exec|hold|commit|pull|rename|tag)/.test(method))).toEqual(
      [],
    );
    expect([...world.engine.volumes.keys()]).toEqual(['gentoo-repository']);
    expect(world.left).toEqual(nothing);
  });

  it('reports what is wrong as a build does, and leaves nothing then either', async () => {
    using world = new BuildWorld({ base: {} });
    await expect(passTime(planBuild(buildRequest({ dryRun: true }), world.context))).rejects.toMatchObject({
      all: [{ code: 'base-unusable' }],
    });
    expect(world.left).toEqual(nothing);
  });
});

describe('a make.conf of the user', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'make-conf-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function write(content: string | Buffer): string {
    const path = join(directory, 'mine.conf');
    writeFileSync(path, content);
    return path;
  }

  it.each([
    ['is a directory', undefined, 'it is not a file'],
    ['is larger than a megabyte', 'x'.repeat(1024 ** 2 + 1), '1048577 bytes'],
    ['has zero bytes in it', Buffer.from('USE="\0"'), 'NUL bytes'],
  ])('is refused when it %s', async (_what, content, why) => {
    using world = new BuildWorld();
    const makeConf = content === undefined ? directory : write(content);
    await expect(check(world, { makeConf })).rejects.toMatchObject({
      all: [{ code: 'usage', message: expect.stringContaining(why) as string }],
    });
  });

  it("takes the place of the base's own before anything of Portage is run", async () => {
    using world = new BuildWorld();
    const makeConf = write('USE="ssl"\n');
    world.portage.emerge = ({ container }) =>
      container.findFile('/etc/portage/make.conf')?.data.toString() === 'USE="ssl"\n' ? 0 : 1;
    await passTime(buildImage(buildRequest({ makeConf }), world.context));
    expect(world.portage.names.slice(0, 2)).toEqual(['kind', 'unpack']);
  });

  it('comes last where the base has a directory of them', async () => {
    using world = new BuildWorld({
      base: {
        ...newLayout,
        '/etc/portage/make.conf': '',
        '/etc/portage/make.conf/': '',
        '/etc/portage/make.conf/base.conf': 'USE="a"\n',
      },
    });
    const makeConf = write('USE="ssl"\n');
    world.portage.emerge = ({ container }) =>
      container.findFile('/etc/portage/make.conf/zz-gentoo-builder.conf')?.data.toString() === 'USE="ssl"\n' ? 0 : 1;
    await expect(passTime(buildImage(buildRequest({ makeConf }), world.context))).resolves.toBeDefined();
  });
});

/** Has the engine refuse a mount of a path that its host does not have. */
function refuseHostPath(world: BuildWorld, path: string): void {
  const create = world.engine.createContainer.bind(world.engine);
  world.engine.createContainer = async (name, spec) => {
    if (spec.mounts.some(({ source }) => source === path)) {
      throw new EngineRefusal(400, `invalid mount config for type "bind": bind source path does not exist: ${path}`);
    }
    return create(name, spec);
  };
}
