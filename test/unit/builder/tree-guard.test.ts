import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../../src/builder/build-image.ts';
import type { BuildRequest } from '../../../src/builder/build-request.ts';
import { TreeGuard } from '../../../src/builder/tree/tree-guard.ts';
import { describeChanges, describeUnrestored, treeChanged } from '../../../src/builder/tree/tree-words.ts';
import type { ContainerSession } from '../../../src/container/container-session.ts';
import { chooseMount } from '../../../src/container/mounts.ts';
import { withContainer } from '../../../src/container/probe.ts';
import type { ContainerSpec } from '../../../src/engine/containers.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure, Failures } from '../../../src/failure.ts';
import { registerTreeUse } from '../../../src/ownership/tree-register.ts';
import {
  baseName,
  buildRequest,
  BuildWorld,
  interruption,
  newLayout,
  nothing,
  oldLayout,
  program,
} from './build-world.ts';
import { hang } from '../job/fake-jobs.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const stamp = '1234 5';
const changed = `exclusive\0${stamp}\0f app-misc/a/a-1.ebuild\0d app-misc/a\0f .git/config\0`;
const named = 'the volume gentoo-repository changed while the packages were built: .git/config, app-misc/a/a-1.ebuild';

function outcomeOf(world: BuildWorld, parts: Partial<BuildRequest> = {}): Promise<unknown> {
  return passTime(buildImage(buildRequest(parts), world.context, program).catch((error: unknown) => error));
}

/** A world in which the tree changes while the packages are built. */
function worldWithChange(...parts: ConstructorParameters<typeof BuildWorld>): BuildWorld {
  const world = new BuildWorld(...parts);
  world.portage.treeChanges = changed;
  return world;
}

/** Starts a container of somebody else that mounts the tree. */
async function startOther(world: BuildWorld, readOnly = false): Promise<void> {
  const mounts = [{ type: 'volume', source: 'gentoo-repository', target: '/tree', readOnly }] as const;
  const id = await world.engine.createContainer('other', { image: baseName, command: [], mounts });
  await world.engine.startContainer(id);
}

/** Registers another run as the last user of the tree. */
async function registerOther(world: BuildWorld): Promise<void> {
  const mounts = [{ type: 'volume', source: 'gentoo-images', target: '/mnt' }] as const;
  await withContainer(world.engine, 'another-probe', { image: baseName, mounts }, (probe) =>
    registerTreeUse(probe, '/mnt', 'gentoo-repository', 'another run'),
  );
}

const warnings = (world: BuildWorld) => world.events.filter(({ type }) => type === 'warning');

const guardOf = (world: BuildWorld, session: ContainerSession) =>
  new TreeGuard({ base: world.ready.base, tree: world.ready.tree, syncType: 'git' }, session);

const commandsAfter = (world: BuildWorld) => world.portage.names.slice(world.portage.names.indexOf('changes'));

describe('a build whose packages change the tree', () => {
  it('fails, names the changes and restores a git tree of this program, in another container', async () => {
    using world = worldWithChange();
    const error = await outcomeOf(world);
    expect(error).toMatchObject({ code: 'tree-changed', exitStatus: 31 });
    expect(String(error)).toContain(`failed to keep the tree: ${named}; it has been restored`);
    expect(commandsAfter(world)).toEqual(['changes', 'restore']);
    // The state is read under the lock of the tree, which other builds share.
    expect(world.portage.request('state').command.slice(4, 6)).toEqual(['--shared', '/var/db/repos/gentoo']);
    const restore = world.portage.request('restore').command;
    expect(restore.slice(4)).toEqual(['/var/db/repos/gentoo', '1.5', '0:0', '755', 'archive']);
    const containers = world.calls('execAttached').map(([id]) => id);
    expect(new Set(containers).size).toBe(2);
    expect(world.calls('createContainer').find(([name]) => String(name).endsWith('-probe-tree'))).toEqual([
      expect.any(String),
      expect.objectContaining({
        mounts: [
          expect.objectContaining({ target: '/var/tmp/portage' }),
          { type: 'volume', source: 'gentoo-repository', target: '/var/db/repos/gentoo', readOnly: false },
        ],
      }),
    ]);
    expect(world.left).toEqual(nothing);
  });

  it.each([
    ['emptied\n', 'it has been emptied, because it could not be restored: the next sync fills it'],
    ['', 'it could not be restored'],
  ])('says what became of the tree: %o', async (restoration, what) => {
    using world = worldWithChange();
    world.portage.restoration = restoration;
    const error = await outcomeOf(world);
    expect(String(error)).toContain(`; ${what}`);
    const hint = error instanceof Failure ? error.hint : '';
    expect(hint?.includes('docker volume rm gentoo-repository')).toBe(restoration === '');
  });

  it('names five changes at most', async () => {
    using world = new BuildWorld();
    world.portage.treeChanges = `exclusive\0${stamp}\0${['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((x) => `f ${x}\0`).join('')}`;
    expect(String(await outcomeOf(world))).toContain('built: a, b, c, d, e and 2 more; it has');
  });

  it('fails for both reasons if a package fails, too, and both are in the record', async () => {
    using world = worldWithChange();
    world.portage.emerge = () => 1;
    const error = await outcomeOf(world);
    expect(error).toMatchObject({ all: [{ code: 'emerge-failed' }, { code: 'tree-changed' }] });
    const files = [...(world.engine.volumes.get('gentoo-logs')?.files ?? [])];
    const record = files.find(([path]) => path.endsWith('/build.json'))?.[1].data.toString() ?? '';
    expect(record).toContain('tree-changed');
    expect(world.left).toEqual(nothing);
  });

  it('restores the tree after an interrupted build, too, and keeps no container then', async () => {
    using world = worldWithChange();
    world.portage.emerge = (running) => {
      setTimeout(() => world.aborter.abort(interruption), 60_000);
      return hang(running);
    };
    const error = await outcomeOf(world, { keepFailed: true });
    expect(error).toBeInstanceOf(Failures);
    expect(error).toMatchObject({ all: [interruption, { code: 'tree-changed' }] });
    expect(world.left).toEqual(nothing);
  });

  it('keeps only the build container with --keep-failed', async () => {
    using world = worldWithChange();
    await outcomeOf(world, { keepFailed: true });
    expect(world.left.containers).toEqual([expect.stringMatching(/^gentoo-failed-/)]);
  });
});

describe('changes of a tree that nobody is blamed for', () => {
  const kept = (why: string) => [`${named}; it stays as it is, because ${why}`];

  it.each<[when: string, other: (world: BuildWorld) => Promise<void> | void]>([
    ['when the packages begin', (world: BuildWorld) => startOther(world)],
    [
      'while the packages are built',
      (world: BuildWorld) => {
        world.portage.emerge = async () => {
          await startOther(world);
          return 0;
        };
      },
    ],
    [
      'while the packages are built, and ends before them',
      (world: BuildWorld) => {
        world.portage.emerge = async () => {
          await registerOther(world);
          return 0;
        };
      },
    ],
    ['at the end', (world: BuildWorld) => void (world.portage.treeChanges = changed.replace('exclusive', 'shared'))],
    ['during the restoration', (world: BuildWorld) => void (world.portage.restoration = 'busy\n')],
  ])('are reported if another container uses it %s', async (_when, other) => {
    using world = worldWithChange();
    await other(world);
    expect(await outcomeOf(world)).toMatchObject({ packages: ['app-misc/hello-2.10'] });
    expect(world.messages('warning')).toEqual(kept('other containers used it, too'));
    expect(commandsAfter(world).includes('restore')).toBe(world.portage.restoration === 'busy\n');
  });

  it('do not include those of a tree that another container can only read', async () => {
    using world = worldWithChange();
    await startOther(world, true);
    expect(await outcomeOf(world)).toMatchObject({ code: 'tree-changed' });
  });

  it('are reported if the tree is an rsync tree', async () => {
    using world = worldWithChange({ base: oldLayout });
    expect(await outcomeOf(world)).toMatchObject({ packages: ['app-misc/hello-2.10'] });
    expect(world.messages('warning')).toEqual(kept('it is not a git clone'));
  });

  it('are reported if this program did not make the volume', async () => {
    using world = worldWithChange({ base: newLayout });
    world.addVolume('mine', { '/profiles/repo_name': 'gentoo\n' }, { 'gentoo-builder.volume': 'tree' });
    expect(await outcomeOf(world, { tree: 'mine' })).toMatchObject({ packages: ['app-misc/hello-2.10'] });
    const why = kept('gentoo-builder did not make the volume').map((text) => text.replace('gentoo-repository', 'mine'));
    expect(world.messages('warning')).toEqual(why);
  });

  it('are reported if the tree is a directory of the user, without those of its git directory', async () => {
    using world = worldWithChange();
    const session = await world.session();
    const tree = chooseMount('tree', '/srv/gentoo', undefined);
    const guard = new TreeGuard({ base: world.ready.base, tree, syncType: 'git' }, session);
    await guard.begin();
    await guard.check();
    expect(world.messages('warning')).toEqual([
      expect.stringMatching(/^\/srv\/gentoo changed .*; it stays as it is, because it is a directory of yours$/),
    ]);
    expect(world.portage.request('changes').command.slice(4)).toEqual(['/var/db/repos/gentoo', '1.5', '', '1000']);
  });

  it.each([`none\0`, `shared\0another stamp\0f a\0`])(
    'are a note if the tree was synced meanwhile: %o',
    async (changes) => {
      using world = new BuildWorld();
      world.portage.treeChanges = changes;
      expect(await outcomeOf(world)).toMatchObject({ packages: ['app-misc/hello-2.10'] });
      expect(world.messages('warning')).toEqual([]);
      expect(world.messages('note').at(-1)).toBe(
        'the volume gentoo-repository was synced while the packages were built: its files are not compared with those before',
      );
    },
  );

  it('are those of the build if only its own builder container mounts the tree besides', async () => {
    using world = worldWithChange();
    await world.startSelf([
      { type: 'volume', source: 'gentoo-repository', target: '/var/db/repos/gentoo', readOnly: false },
    ]);
    expect(await outcomeOf(world)).toMatchObject({ code: 'tree-changed' });
  });

  it('are not looked for in a tree that is mounted read-only', async () => {
    using world = worldWithChange();
    await world.startSelf([
      { type: 'volume', source: 'gentoo-repository', target: '/var/db/repos/gentoo', readOnly: true },
    ]);
    expect(await outcomeOf(world, { sync: false })).toMatchObject({ packages: ['app-misc/hello-2.10'] });
    expect(world.portage.names).not.toContain('changes');
  });

  it.each(['treeState', 'treeChanges'] as const)('are unknown if there is no answer: %s', async (question) => {
    using world = worldWithChange();
    world.portage[question] = '';
    expect(await outcomeOf(world)).toMatchObject({ packages: ['app-misc/hello-2.10'] });
    expect(warnings(world)).toEqual([
      {
        type: 'warning',
        message: 'the tree is not compared with its state before the build',
        hint: 'if packages of this build are not trusted, sync the tree before the next build',
      },
    ]);
  });

  it.each([
    [
      'the error output of the program',
      () => Promise.resolve({ stdout: '', stderr: ' no tar\n', exitCode: 1 }),
      'no tar',
    ],
    ['the failure', () => Promise.reject(new Failure('engine-lost', 'failed to read')), 'failed to read'],
    ['the refusal of the engine', () => Promise.reject(new EngineRefusal(409, 'no room')), 'no room'],
  ] as const)('are unknown, with %s as the reason', async (_what, run, why) => {
    using world = worldWithChange();
    await guardOf(world, { ...(await world.session()), run }).begin();
    expect(world.messages('warning')).toEqual([`the tree is not compared with its state before the build: ${why}`]);
  });

  it('end the build, instead, if it is interrupted or the fault is a defect', async () => {
    using world = worldWithChange();
    const session = await world.session();
    const defect = new TypeError('x is undefined');
    await expect(guardOf(world, { ...session, run: () => Promise.reject(defect) }).begin()).rejects.toBe(defect);
    world.aborter.abort(interruption);
    const interrupted = guardOf(world, { ...session, run: () => Promise.reject(interruption) });
    await expect(interrupted.begin()).rejects.toBe(interruption);
    expect(world.messages('warning')).toEqual([]);
  });
});

describe('the warning about a tree that stays as it is', () => {
  const blame = 'if neither you nor another program changed it, a package of this build did';

  it.each([
    [false, 'rsync', 'it is not a git clone'],
    [false, 'git', 'gentoo-builder did not make the volume'],
    [true, 'git', 'other containers used it, too'],
  ] as const)('says what to do with a volume (shared: %s, %s)', (isShared, syncType, why) => {
    const tree = chooseMount('tree', undefined, undefined);
    expect(describeUnrestored(tree, isShared, syncType)).toEqual({
      message: `it stays as it is, because ${why}`,
      hint: `${blame}: sync the tree again`,
    });
  });

  it.each([true, false])('says what to do with a directory (shared: %s)', (isShared) => {
    expect(describeUnrestored(chooseMount('tree', '/srv/gentoo', undefined), isShared, 'git')).toEqual({
      message: 'it stays as it is, because it is a directory of yours',
      hint: `${blame}: look at the files`,
    });
  });

  it('names all of five paths', () => {
    const tree = chooseMount('tree', '/srv/gentoo', undefined);
    expect(describeChanges(tree, ['a', 'b', 'c', 'd', 'e'])).toBe(
      '/srv/gentoo changed while the packages were built: a, b, c, d, e',
    );
  });
});

describe('the failure of a build that changed the tree', () => {
  const tree = chooseMount('tree', undefined, undefined);
  const hint =
    'an ebuild must not write to its repository: look for these paths in the phases of the ebuilds (pkg_*); ' +
    'the binary packages of this build may be wrong: build with --no-binpkgs, or remove them';
  const removal = 'remove the volume, so that the next build fills it again: docker volume rm gentoo-repository';

  it.each([
    ['restored', hint],
    ['emptied', hint],
    [undefined, `${hint}\n${removal}`],
  ] as const)('says what to do: %s', (restored, expected) => {
    expect(treeChanged(tree, ['a'], restored).hint).toBe(expected);
  });
});

describe('the register of the users of a tree', () => {
  it('is in a volume that probes mount, and no build container', async () => {
    using world = worldWithChange();
    await outcomeOf(world);
    const mounting = world
      .calls('createContainer')
      .map(([name, spec]) => ({ name, mounts: (spec as ContainerSpec).mounts }))
      .filter(({ mounts }) => mounts.some(({ source }) => source === 'gentoo-images'));
    expect(mounting.length).toBeGreaterThan(1);
    for (const { name, mounts } of mounting) {
      expect(name).toMatch(/-probe-/);
      expect(mounts).toContainEqual({ type: 'volume', source: 'gentoo-images', target: '/mnt' });
    }
  });

  it('is not looked at for a directory of the user', async () => {
    using world = worldWithChange();
    const session = await world.session();
    const tree = chooseMount('tree', '/srv/gentoo', undefined);
    const before = world.calls('inspectVolume').length;
    await new TreeGuard({ base: world.ready.base, tree, syncType: 'git' }, session).begin();
    expect(world.calls('inspectVolume')).toHaveLength(before);
    expect(world.engine.volumes.has('gentoo-images')).toBe(false);
  });
});
