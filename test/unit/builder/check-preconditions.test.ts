import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage, planBuild } from '../../../src/builder/build-image.ts';
import { checkPreconditions } from '../../../src/builder/check-preconditions.ts';
import type { BuildRequest } from '../../../src/builder/build-request.ts';
import type { Mount } from '../../../src/engine/containers.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure, failuresOf } from '../../../src/failure.ts';
import { fakeFiles } from '../../support/fake-engine/fake-engine-files.ts';
import { fakeImage } from '../../support/fake-engine/fake-engine-state.ts';
import {
  baseName,
  buildRequest,
  BuildWorld,
  filledTree,
  newLayout,
  nothing,
  oldLayout,
  program,
} from './build-world.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const workspace = { run: '0123456789abcdef', volume: 'gentoo-builder-0123456789abcdef' };
const invalid = (name: string): Failure => new Failure('invalid-package', `failed to parse the package ${name}`);
const everything = Number.MAX_SAFE_INTEGER;

function check(world: BuildWorld, parts: Partial<BuildRequest> = {}) {
  return passTime(checkPreconditions(buildRequest(parts), world.context, workspace));
}

/** The codes of the failures of a check. */
async function codes(world: BuildWorld, parts: Partial<BuildRequest> = {}): Promise<readonly string[]> {
  const error = await check(world, parts).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(world.left.containers).toEqual([]);
  return failuresOf(error).map(({ code }) => code);
}

/** A world in which a registry has the base, but the engine does not. */
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
  it('case 2.10: refuse a base whose volume would keep the packages out of the image', async () => {
    using world = new BuildWorld();
    world.engine.addImage(baseName, fakeImage({ files: fakeFiles(newLayout), volumes: ['/var/db/pkg'] }));
    expect(await codes(world)).toEqual(['base-unusable']);
  });

  it('find the base, the tree, the volumes and the tmpfs', async () => {
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
        treeTargets: ['/var/db/repos/gentoo'],
        notes: [],
      },
      treeState: 'filled',
      tree: { role: 'tree', source: 'gentoo-repository', ...volume },
      binpkgs: { role: 'binpkgs', source: 'gentoo-binpkgs', ...volume },
      distfiles: { role: 'distfiles', source: 'gentoo-distfiles', ...volume },
      metadata: { role: 'metadata', source: 'gentoo-metadata', ...volume },
      logs: { role: 'logs', source: 'gentoo-logs', ...volume },
      tmpfs: { size: undefined },
      movedTags: [],
    });
  });

  it("find the tree's location in a base with the old layout", async () => {
    using world = new BuildWorld({ base: oldLayout });
    expect((await check(world)).system?.repository).toMatchObject({ location: '/usr/portage', syncType: 'rsync' });
  });

  it('report all failures at once, in the order tree, packages, base, disk', async () => {
    using world = new BuildWorld({ base: {}, tree: { '/photo': '' } });
    world.engine.volumes.delete('gentoo-repository');
    world.addVolume('gentoo-repository', { '/photo': '' });
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/' };
    // The checks finish in the reverse order of the list.
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

  describe('case 5.3: with a tree that is not the one of the base', () => {
    it.each([
      [
        'of another repository',
        { '/profiles/repo_name': 'ministage\n' },
        'it has the repository ministage, and the base uses the repository gentoo',
      ],
      [
        'from another address',
        { '/.git/config': '[remote "origin"]\n\turl = https://b/other\n' },
        'it was synced by git from https://b/other, and the base syncs it by git from file:///srv/gentoo',
      ],
    ])('(%s) refuse it, name both origins, and say how the base gets a tree', async (_what, files, why) => {
      for (const world of [new BuildWorld(), worldWithRegistry()]) {
        using used = world;
        used.engine.volumes.delete('gentoo-repository');
        used.addVolume('gentoo-repository', { ...filledTree, ...files });
        await expect(check(used)).rejects.toMatchObject({
          code: 'tree-unusable',
          message: expect.stringContaining(`${why} (${baseName})`) as string,
          hint: expect.stringContaining('docker volume create gentoo-repository-2') as string,
        });
      }
    });

    it('accept another address without a sync', async () => {
      const git = { '/.git/config': '[remote "origin"]\n\turl = https://b/other\n', '/.git/FETCH_HEAD': 'commit' };
      const tree = { ...filledTree, ...git };
      using world = new BuildWorld({ tree });
      expect(await codes(world, { sync: false })).toEqual([]);
    });
  });

  it('refuse invalid package arguments even if nothing else is wrong', async () => {
    using world = new BuildWorld();
    expect(await codes(world, { invalidPackages: [invalid('-C')] })).toEqual(['invalid-package']);
  });

  it('refuse a base without emerge and name the base', async () => {
    using world = new BuildWorld({ base: { '/bin/sh': '' } });
    await expect(check(world)).rejects.toMatchObject({
      all: [
        {
          code: 'base-unusable',
          message: `failed to use the base ${baseName}: it has no emerge (/usr/bin/emerge)`,
          hint: 'name an image that has Portage: --base gentoo/stage3:latest, or --base gentoo-base',
        },
      ],
    });
  });

  it('refuse a disk with too little free space', async () => {
    using world = new BuildWorld();
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/' };
    expect(await codes(world, { minFree: everything })).toEqual(['disk-space']);
    expect(await check(world, { minFree: 0 })).toBeDefined();
  });

  it('refuse a make.conf that cannot be read', async () => {
    using world = new BuildWorld();
    expect(await codes(world, { makeConf: '/nowhere/make.conf' })).toEqual(['usage']);
    await expect(check(world, { makeConf: '/nowhere/make.conf' })).rejects.toThrow(
      /^failed to read the make\.conf \/nowhere\/make\.conf: ENOENT/,
    );
  });

  it.each([
    ['/var/cache/binpkgs', 'binpkgs', 'mount it without :ro, or build without binary packages: --no-binpkgs'],
    ['/var/cache/distfiles', 'distfiles', 'mount it without :ro'],
    ['/var/log/portage', 'logs', 'mount it without :ro'],
  ])('refuse a read-only mount of the builder at %s', async (target, role, hint) => {
    using world = new BuildWorld();
    await world.startSelf(mounts({ source: 'mine', target, readOnly: true }));
    await expect(check(world)).rejects.toMatchObject({
      all: [
        {
          code: 'mount-unusable',
          exitStatus: 18,
          message: `failed to use the volume mine for ${role}: it is mounted read-only`,
          hint,
        },
      ],
    });
  });

  it('accept a read-only package store that is not used', async () => {
    using world = new BuildWorld();
    await world.startSelf(mounts({ source: 'mine', target: '/var/cache/binpkgs', readOnly: true }));
    expect(await check(world, { binpkgs: false })).toMatchObject({ binpkgs: undefined });
  });

  it('refuse a log directory that does not exist on the host', async () => {
    using world = new BuildWorld();
    refuseHostPath(world, '/srv/logs');
    await expect(check(world, { logDir: '/srv/logs' })).rejects.toMatchObject({
      all: [
        {
          code: 'mount-unusable',
          message: expect.stringMatching(/^failed to mount \/srv\/logs: .*does not exist/) as string,
          hint: "create it on the engine's host: mkdir -p /srv/logs; or name a volume",
        },
      ],
    });
  });

  it('pass the mounts of the builder container on', async () => {
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
      metadata: { source: expect.stringMatching(/^gentoo-metadata-[0-9a-f]{12}$/) as string, origin: 'default' },
    });
  });

  it('wait for all checks before they fail, so that no probe container outlives them', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'inspectVolume', error: new EngineRefusal(500, 'ill') });
    world.engine.fault({ method: 'createContainer', delay: 5000 });
    await expect(passTime(buildImage(buildRequest(), world.context, program))).rejects.toThrow('ill');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(world.left).toEqual(nothing);
  });
});

describe('a base that the engine does not have', () => {
  it('is pulled and inspected after all other checks succeeded', async () => {
    using world = worldWithRegistry();
    expect(await check(world)).toMatchObject({
      base: { name: baseName, image: { layers: [expect.any(String)] } },
      treeState: 'filled',
      system: { repository: { syncType: 'git' } },
    });
    expect(world.calls('pullImage')).toHaveLength(1);
  });

  it.each([
    ['a package argument is invalid', { invalidPackages: [invalid('-C')] }, ['invalid-package']],
    ['there is too little free space', { minFree: everything }, ['disk-space']],
    ['the make.conf is missing', { makeConf: '/nowhere' }, ['usage']],
  ] as const)('is not pulled while %s', async (_what, parts, expected) => {
    using world = worldWithRegistry();
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/' };
    expect(await codes(world, parts)).toEqual(expected);
    expect(world.calls('pullImage')).toEqual([]);
  });

  it("is not pulled if a probe from the builder's image shows that the tree is not a repository", async () => {
    using world = worldWithRegistry();
    await world.startSelf();
    world.addVolume('mine', { '/photo': '' });
    expect(await codes(world, { tree: 'mine' })).toEqual(['tree-unusable']);
    expect(world.calls('pullImage')).toEqual([]);
  });

  it('is pulled before the tree is inspected if there is no other image for a probe', async () => {
    using world = worldWithRegistry();
    world.addVolume('mine', { '/photo': '' });
    expect(await codes(world, { tree: 'mine' })).toEqual(['tree-unusable']);
    expect(world.calls('pullImage')).toHaveLength(1);
  });

  it('is pulled before the log directory is checked if there is no other image for a probe', async () => {
    using world = worldWithRegistry();
    refuseHostPath(world, '/srv/logs');
    expect(await codes(world, { logDir: '/srv/logs' })).toEqual(['mount-unusable']);
  });

  it('is refused after the pull if it has no emerge', async () => {
    using world = worldWithRegistry({ '/bin/sh': '' });
    expect(await codes(world)).toEqual(['base-unusable']);
  });

  it('is refused if no registry has it', async () => {
    using world = worldWithRegistry();
    await expect(check(world, { base: 'gentoo/nothing' })).rejects.toMatchObject({
      code: 'base-unusable',
      message: expect.stringContaining('there is no such image') as string,
    });
  });
});

describe('a dry run', () => {
  it('pulls nothing and leaves nothing', async () => {
    using world = worldWithRegistry();
    world.engine.volumes.clear();
    const plan = await passTime(planBuild(buildRequest({ dryRun: true }), world.context));
    expect(plan[0]).toBe(`pull the base ${baseName}, which the engine does not have`);
    expect(world.calls('pullImage')).toEqual([]);
    expect(world.left).toEqual(nothing);
    expect([...world.engine.volumes.keys()]).toEqual([]);
    expect(world.engine.images.size).toBe(0);
  });

  it('starts no container and does not change the volumes if base and volumes exist', async () => {
    using world = new BuildWorld();
    const plan = await passTime(planBuild(buildRequest({ dryRun: true }), world.context));
    expect(plan).toContain('sync the tree by git');
    expect(world.engine.calls.filter(({ method }) => /^(start|exec|hold|commit|pull|rename|tag)/.test(method))).toEqual(
      [],
    );
    expect([...world.engine.volumes.keys()]).toEqual(['gentoo-repository']);
    expect(world.left).toEqual(nothing);
  });

  it('reports the same failures as a build, and leaves nothing', async () => {
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
    ['is larger than a megabyte', 'x'.repeat(1024 ** 2 + 1), 'it has 1048577 bytes, and at most 1048576 are allowed'],
    ['has NUL bytes', Buffer.from('USE="\0"'), 'it has NUL bytes, so it is not a text file'],
  ])('is refused if it %s', async (_what, content, why) => {
    using world = new BuildWorld();
    const makeConf = content === undefined ? directory : write(content);
    await expect(check(world, { makeConf })).rejects.toMatchObject({
      all: [
        {
          code: 'usage',
          message: `failed to read the make.conf ${makeConf}: ${why}`,
          hint: expect.stringMatching(/mount the file there: -v .* --make-conf \/make\.conf$/) as string,
        },
      ],
    });
  });

  it('may have a megabyte', async () => {
    using world = new BuildWorld();
    expect(await codes(world, { makeConf: write(`#${'x'.repeat(1024 ** 2 - 1)}`) })).toEqual([]);
  });

  it.each<[string, string | Buffer, readonly string[]]>([
    [
      'case 2.5: an addition, with a later line',
      'FOO+="x"\nPORTDIR=\n',
      ['1:1: Portage does not know +=: write', '2:1: PORTDIR has no value'],
    ],
    ['case 2.6: a quote that is not closed', '# x\nA="b"\nUSE="foo bar\n', ['3:5: the quotation mark " is not closed']],
    ['case 2.6: a BOM', Buffer.from('\uFEFFUSE="x"\n'), ['1:1: a byte order mark (BOM) stands before the first name']],
    ['a line that is no assignment', 'A="x"\nif true; then\n', ["2:1: 'true;' follows 'if' instead of =: a line is"]],
  ])('%s is refused with its position, before a container is started', async (_what, content, positions) => {
    using world = new BuildWorld();
    const makeConf = write(content);
    await expect(check(world, { makeConf })).rejects.toMatchObject({
      all: positions.map((position) => ({
        code: 'usage',
        exitStatus: 2,
        message: expect.stringContaining(`${makeConf}:${position}`) as string,
        hint: 'emerge fails at this line: correct the file that is given as --make-conf',
      })),
    });
    expect(world.calls('startContainer')).toEqual([]);
  });

  it('is refused at the line that names another root', async () => {
    using world = new BuildWorld();
    const makeConf = write('A="b"\n ROOT="/mnt/image"\nEPREFIX="/opt/gentoo"\n');
    const hint = 'a build is for the root of its container: remove the line from the file that is given as --make-conf';
    await expect(check(world, { makeConf })).rejects.toMatchObject({
      all: [
        {
          code: 'usage',
          hint,
          message: `${makeConf}:2:2: ROOT is /mnt/image: emerge would install packages there, and not in /`,
        },
        { code: 'usage', hint, message: expect.stringContaining(`${makeConf}:3:1: Portage ignores EPREFIX`) as string },
      ],
    });
    expect(world.calls('startContainer')).toEqual([]);
  });

  it.each<[string, string, readonly string[]]>([
    [
      'case 2.1: a PORTDIR',
      'PORTDIR="/usr/portage"\nDISTDIR="${PORTDIR}/distfiles"\nPKGDIR="${PORTDIR}/packages"\n',
      ['/usr/portage', '/var/db/repos/gentoo'],
    ],
    ['case 2.1: the PORTDIR of the base', 'PORTDIR="/var/db/repos/gentoo/"\n', ['/var/db/repos/gentoo']],
    ['case 2.1: a PORTDIR in a sourced file', 'source ../portage/more\n', ['/srv/tree', '/var/db/repos/gentoo']],
    [
      'case 2.1: a PORTDIR after a setting that Portage takes for empty',
      'MAKEOPTS="-j$(nproc)"\nexport PORTDIR=/a\n',
      ['/a', '/var/db/repos/gentoo'],
    ],
  ])('%s: the tree is mounted there, and where the profile of the base is', async (_what, content, targets) => {
    using world = new BuildWorld({ base: { ...newLayout, '/etc/portage/more': 'PORTDIR=/srv/tree\n' } });
    const { system } = await check(world, { makeConf: write(content) });
    expect(system).toMatchObject({ repository: { location: targets[0] }, treeTargets: targets });
    await passTime(buildImage(buildRequest({ makeConf: write(content) }), world.context, program));
    const mounts = targets.map((target) => expect.objectContaining({ source: 'gentoo-repository', target }) as unknown);
    const spec = expect.objectContaining({ mounts: expect.arrayContaining(mounts) as unknown }) as unknown;
    expect(world.calls('createContainer')).toContainEqual([expect.any(String), spec]);
  });

  it('case 2.1: with a missing source, or a fault in a source, is refused at its position', async () => {
    using world = new BuildWorld({ base: { ...newLayout, '/etc/portage/more': 'A="x"\nB\n' } });
    const makeConf = write('A="x"\nsource more\nsource /var/lib/layman/make.conf\n');
    await expect(check(world, { makeConf })).rejects.toMatchObject({
      all: [
        { code: 'usage', message: `${makeConf}:3:1: it sources /var/lib/layman/make.conf, and there is no such file` },
        {
          code: 'base-unusable',
          message: `failed to use the base ${baseName}: /etc/portage/more:2:1: no = follows 'B': a line is NAME="value"`,
        },
      ],
    });
    const missing = write('A="x"\nsource /var/lib/layman/make.conf\n');
    await expect(check(world, { makeConf: missing })).rejects.toMatchObject({
      all: [
        { code: 'usage', message: `${missing}:2:1: it sources /var/lib/layman/make.conf, and there is no such file` },
      ],
    });
  });

  it('case 2.4: a value with a command is noted, because Portage takes it for empty', async () => {
    using world = new BuildWorld();
    const makeConf = write('MAKEOPTS="-j$(nproc)"\n');
    await check(world, { makeConf });
    expect(world.events).toContainEqual({
      type: 'note',
      message: `${makeConf}:1:1: Portage runs no commands and knows only $NAME and \${NAME}: because of $(nproc), MAKEOPTS is empty`,
    });
  });

  it("case 2.6: a fault in the base's own make.conf is told with its position, unless the user's file replaces it", async () => {
    using world = new BuildWorld({ base: { ...newLayout, '/etc/portage/make.conf': 'A="x"\nUSE="foo\n' } });
    await expect(check(world)).rejects.toMatchObject({
      all: [
        {
          code: 'base-unusable',
          message: `failed to use the base ${baseName}: /etc/portage/make.conf:2:5: the quotation mark " is not closed`,
        },
      ],
    });
    expect(await codes(world, { makeConf: write('A="x"\n') })).toEqual([]);
  });

  it("replaces the base's make.conf before a command of Portage runs", async () => {
    using world = new BuildWorld();
    const makeConf = write('USE="ssl"\n');
    world.portage.emerge = ({ container }) =>
      container.findFile('/etc/portage/make.conf')?.data.toString() === 'USE="ssl"\n' ? 0 : 1;
    await passTime(buildImage(buildRequest({ makeConf }), world.context, program));
    expect(world.portage.names.slice(0, 2)).toEqual(['kind', 'unpack']);
  });

  it('sorts last if the make.conf of the base is a directory', async () => {
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
    await expect(passTime(buildImage(buildRequest({ makeConf }), world.context, program))).resolves.toBeDefined();
  });
});

/** Makes the engine refuse a mount of a path that does not exist on its host. */
function refuseHostPath(world: BuildWorld, path: string): void {
  const create = world.engine.createContainer.bind(world.engine);
  world.engine.createContainer = async (name, spec) => {
    if (spec.mounts.some(({ source }) => source === path)) {
      throw new EngineRefusal(400, `invalid mount config for type "bind": bind source path does not exist: ${path}`);
    }
    return create(name, spec);
  };
}
