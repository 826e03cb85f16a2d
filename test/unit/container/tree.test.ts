import { describe, expect, it } from 'vitest';
import { chooseMount } from '../../../src/container/mounts.ts';
import { inspectTree, type TreeDemands } from '../../../src/container/tree.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { failuresOf } from '../../../src/failure.ts';
import { baseName, BuildWorld, filledTree, nothing } from '../builder/build-world.ts';

const workspace = { run: '0123456789abcdef', volume: 'gentoo-builder-0123456789abcdef' };
const syncing: TreeDemands = { createTree: false, sync: true };

/** The result of an inspection: the state of the tree, or the message and the hint of the failure. */
async function look(
  world: BuildWorld,
  option: string | undefined,
  demands = syncing,
  readOnly = false,
): Promise<unknown> {
  const choice = { ...chooseMount('tree', option, undefined), readOnly };
  const state = await inspectTree(world.context, workspace, { choice, image: baseName, demands }).catch(
    (error: unknown) => {
      const [failure] = failuresOf(error);
      if (failure === undefined) throw error;
      return [failure.code, failure.message, failure.hint];
    },
  );
  expect(world.left.containers).toEqual([]);
  return state;
}

describe('a tree', () => {
  it.each([
    ['is filled if it has profiles/repo_name', filledTree, {}, 'filled'],
    ['is empty if it has no files', {}, {}, 'empty'],
    ['is empty if it only has lost+found', { '/lost+found/': '' }, {}, 'empty'],
    [
      'is filled if only layout.conf has its name',
      { '/metadata/layout.conf': 'masters = gentoo\nrepo-name = overlay\n' },
      {},
      'filled',
    ],
    [
      'is interrupted if it is a volume with our label and a name of ours, and has other files',
      { '/a': 'b' },
      { 'gentoo-builder.volume': 'tree' },
      'interrupted',
    ],
  ] as const)('%s', async (_what, texts, labels, state) => {
    using world = new BuildWorld();
    world.addVolume('gentoo-repository', texts, labels);
    expect(await look(world, undefined)).toBe(state);
  });

  describe('of git whose first sync was killed', () => {
    const labels = { 'gentoo-builder.volume': 'tree' };
    const clone = { ...filledTree, '/.git/HEAD': 'ref: refs/heads/main\n' };
    const withoutSync = { createTree: false, sync: false };

    it('is refused with --no-sync, because nobody has verified it', async () => {
      using world = new BuildWorld();
      world.addVolume('gentoo-repository', clone, labels);
      expect(await look(world, undefined, withoutSync)).toEqual([
        'tree-unusable',
        'failed to use the tree the volume gentoo-repository: its first sync did not end, so nobody has verified it, and --no-sync forbids a sync',
        'omit --no-sync, once',
      ]);
      expect(await look(world, undefined)).toBe('filled');
    });

    it.each([
      ['its first sync has ended', { '/.git/gentoo-builder-synced': '' }, labels],
      ['an older version fetched later', { '/.git/FETCH_HEAD': '' }, labels],
      ['the volume is not of this program', {}, {}],
    ])('is used if %s', async (_what, more, given) => {
      using world = new BuildWorld();
      world.addVolume('gentoo-repository', { ...clone, ...more }, given);
      expect(await look(world, undefined, withoutSync)).toBe('filled');
    });
  });

  it('is absent if the default volume does not exist; the inspection does not create it', async () => {
    using world = new BuildWorld();
    world.engine.volumes.delete('gentoo-repository');
    expect(await look(world, undefined)).toBe('absent');
    expect(world.engine.volumes.has('gentoo-repository')).toBe(false);
  });

  it('that the user named must not be empty, except with --create-tree', async () => {
    using world = new BuildWorld();
    world.addVolume('mine');
    expect(await look(world, 'mine')).toEqual([
      'tree-unusable',
      'failed to use the tree the volume mine: it is empty',
      'to fill it by a sync, add --create-tree',
    ]);
    expect(await look(world, 'mine', { createTree: true, sync: true })).toBe('empty');
    expect(await look(world, '/srv/tree')).toEqual([
      'tree-unusable',
      'failed to use the tree /srv/tree: it is empty',
      'to fill it by a sync, add --create-tree',
    ]);
  });

  it('that the user named may be empty if the volume has our label', async () => {
    using world = new BuildWorld();
    world.addVolume('mine', {}, { 'gentoo-builder.volume': 'tree' });
    expect(await look(world, 'mine')).toBe('empty');
    expect(await look(world, 'mine', { createTree: false, sync: false })).toEqual([
      'tree-unusable',
      expect.stringContaining('it is empty and --no-sync forbids filling it'),
      'omit --no-sync',
    ]);
    world.addVolume('packages', {}, { 'gentoo-builder.volume': 'binpkgs' });
    expect(await look(world, 'packages')).toEqual([
      'tree-unusable',
      'failed to use the tree the volume packages: it is empty',
      'to fill it by a sync, add --create-tree',
    ]);
  });

  it('that has files but is not a repository is refused, even with --create-tree or --no-sync', async () => {
    using world = new BuildWorld();
    world.addVolume('mine', { '/photos/cat.jpg': 'meow' });
    const foreign = [
      'tree-unusable',
      'failed to use the tree the volume mine: it is neither empty nor an ebuild repository (no profiles/repo_name, no repo-name in metadata/layout.conf)',
      'name the repository itself, or an empty directory together with --create-tree: --tree VOLUME|PATH',
    ];
    for (const createTree of [true, false]) {
      for (const sync of [true, false]) expect(await look(world, 'mine', { createTree, sync })).toEqual(foreign);
    }
  });

  it.each(['/.git/objects/', '/local/gentoo-builder-syncing'])(
    'that has no name yet, because another builder fills it or was killed in between (%s), is filled with --create-tree',
    async (trace) => {
      using world = new BuildWorld();
      world.addVolume('mine', { '/metadata/timestamp.chk': 'now', [trace]: '' });
      expect(await look(world, 'mine', { createTree: true, sync: true })).toBe('empty');
      expect(await look(world, 'mine')).toEqual(['tree-unusable', expect.any(String), expect.any(String)]);
    },
  );

  it.each([
    ['another name', 'mine', {}],
    ['a driver with options', 'gentoo-repository', { isPlain: false }],
  ])('with a copied label and %s is not taken for an interrupted sync', async (_what, name, parts) => {
    using world = new BuildWorld();
    world.addVolume(name, { '/photos/cat.jpg': 'meow' }, { 'gentoo-builder.volume': 'tree' });
    const volume = world.engine.volumes.get(name) ?? expect.fail('no volume');
    world.engine.volumes.set(name, { ...volume, ...parts });
    expect(await look(world, name)).toEqual([
      'tree-unusable',
      expect.stringContaining('neither empty nor'),
      expect.any(String),
    ]);
  });

  it('with the label of another role must be a repository', async () => {
    using world = new BuildWorld();
    world.addVolume('mine', { '/a': 'b' }, { 'gentoo-builder.volume': 'binpkgs' });
    expect(await look(world, 'mine')).toEqual([
      'tree-unusable',
      expect.stringContaining('neither empty nor'),
      expect.any(String),
    ]);
  });

  it('that the user named must exist as a volume or as a directory of the host', async () => {
    using world = new BuildWorld();
    const missing = [
      'tree-unusable',
      expect.stringContaining("there is no such volume or directory on the engine's host"),
      'create it, or omit --tree: then the volume gentoo-repository is created and filled',
    ];
    expect(await look(world, 'nowhere', { createTree: true, sync: true })).toEqual(missing);
    const refusal = 'invalid mount config for type "bind": bind source path does not exist: /srv/none';
    world.engine.fault({ method: 'createContainer', error: new EngineRefusal(400, refusal) });
    expect(await look(world, '/srv/none')).toEqual(missing);
    expect(world.engine.volumes.has('nowhere')).toBe(false);
  });

  it('that is empty is refused with --no-sync, with our label or without', async () => {
    using world = new BuildWorld();
    world.addVolume('mine');
    const noSync = { createTree: true, sync: false };
    const refused = [
      'tree-unusable',
      expect.stringContaining('it is empty and --no-sync forbids filling it'),
      'omit --no-sync',
    ];
    expect(await look(world, 'mine', noSync)).toEqual(refused);
    world.engine.volumes.delete('gentoo-repository');
    expect(await look(world, undefined, noSync)).toEqual(refused);
  });

  it('that is mounted read-only is accepted only with --no-sync', async () => {
    using world = new BuildWorld();
    expect(await look(world, undefined, { createTree: false, sync: false }, true)).toBe('filled');
    expect(await look(world, undefined, syncing, true)).toEqual([
      'tree-unusable',
      'failed to use the tree the volume gentoo-repository: it is mounted read-only, and a sync writes to it',
      'mount it without :ro, or add --no-sync',
    ]);
  });

  it('is inspected without leaving a container, even if the inspection fails', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'statPath', error: new EngineRefusal(500, 'no') });
    await expect(look(world, undefined)).rejects.toThrow('no');
    expect(world.left.containers).toEqual(nothing.containers);
  });
});
