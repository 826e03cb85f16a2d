import { describe, expect, it } from 'vitest';
import { chooseMount } from '../../../src/build/mounts.ts';
import { inspectTree, type TreeDemands } from '../../../src/build/tree.ts';
import { EngineRefusal } from '../../../src/engine/engine.ts';
import { failuresOf } from '../../../src/failure.ts';
import { baseName, BuildWorld, filledTree, nothing } from './build-world.ts';

const workspace = { run: '0123456789abcdef', volume: 'gentoo-builder-0123456789abcdef' };
const syncing: TreeDemands = { createTree: false, sync: true };

/** What a look into the tree came to: its state, or the message and the hint. */
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
    ['is filled when it has profiles/repo_name', filledTree, {}, 'filled'],
    ['is empty when there is nothing in it', {}, {}, 'empty'],
    ['is empty when there is only lost+found in it', { '/lost+found/': '' }, {}, 'empty'],
    [
      'is interrupted when it is our own volume with something else in it',
      { '/a': 'b' },
      { 'gentoo-builder.volume': 'tree' },
      'interrupted',
    ],
  ] as const)('%s', async (_what, texts, labels, state) => {
    using world = new BuildWorld();
    world.addVolume('gentoo-repository', texts, labels);
    expect(await look(world, undefined)).toBe(state);
  });

  it('is absent when the default volume is not there yet, which the look does not make', async () => {
    using world = new BuildWorld();
    world.engine.volumes.delete('gentoo-repository');
    expect(await look(world, undefined)).toBe('absent');
    expect(world.engine.volumes.has('gentoo-repository')).toBe(false);
  });

  it('that was given must not be empty, unless it is to be created', async () => {
    using world = new BuildWorld();
    world.addVolume('mine');
    expect(await look(world, 'mine')).toEqual([
      'tree-unusable',
      'failed to use the tree the volume mine: it is empty',
      expect.stringContaining('--create-tree'),
    ]);
    expect(await look(world, 'mine', { createTree: true, sync: true })).toBe('empty');
    expect(await look(world, '/srv/tree')).toEqual([
      'tree-unusable',
      'failed to use the tree /srv/tree: it is empty',
      expect.stringContaining('--create-tree'),
    ]);
  });

  it('that was given and is empty is filled where the volume is ours, whoever mounted it', async () => {
    using world = new BuildWorld();
    world.addVolume('mine', {}, { 'gentoo-builder.volume': 'tree' });
    expect(await look(world, 'mine')).toBe('empty');
    expect(await look(world, 'mine', { createTree: false, sync: false })).toEqual([
      'tree-unusable',
      expect.stringContaining('it is empty and --no-sync forbids filling it'),
      'leave --no-sync out',
    ]);
    world.addVolume('packages', {}, { 'gentoo-builder.volume': 'binpkgs' });
    expect(await look(world, 'packages')).toEqual([
      'tree-unusable',
      'failed to use the tree the volume packages: it is empty',
      expect.stringContaining('--create-tree'),
    ]);
  });

  it('that is foreign is refused, even with --create-tree or without a sync', async () => {
    using world = new BuildWorld();
    world.addVolume('mine', { '/photos/cat.jpg': 'meow' });
    const foreign = [
      'tree-unusable',
      expect.stringContaining('neither empty nor an ebuild repository (there is no profiles/repo_name)'),
      expect.any(String),
    ];
    for (const createTree of [true, false]) {
      for (const sync of [true, false]) expect(await look(world, 'mine', { createTree, sync })).toEqual(foreign);
    }
  });

  it('that somebody else labelled as something else is foreign', async () => {
    using world = new BuildWorld();
    world.addVolume('mine', { '/a': 'b' }, { 'gentoo-builder.volume': 'binpkgs' });
    expect(await look(world, 'mine')).toEqual([
      'tree-unusable',
      expect.stringContaining('neither empty nor'),
      expect.any(String),
    ]);
  });

  it('that was given must exist, as a volume or as a directory of the host', async () => {
    using world = new BuildWorld();
    const missing = [
      'tree-unusable',
      expect.stringContaining("there is no such volume or directory on the engine's host"),
      expect.stringContaining('gentoo-repository'),
    ];
    expect(await look(world, 'nowhere', { createTree: true, sync: true })).toEqual(missing);
    const refusal = 'invalid mount config for type "bind": bind source path does not exist: /srv/none';
    world.engine.fault({ method: 'createContainer', error: new EngineRefusal(400, refusal) });
    expect(await look(world, '/srv/none')).toEqual(missing);
    expect(world.engine.volumes.has('nowhere')).toBe(false);
  });

  it('that is empty cannot be used with --no-sync, whoever it belongs to', async () => {
    using world = new BuildWorld();
    world.addVolume('mine');
    const noSync = { createTree: true, sync: false };
    const refused = [
      'tree-unusable',
      expect.stringContaining('it is empty and --no-sync forbids filling it'),
      'leave --no-sync out',
    ];
    expect(await look(world, 'mine', noSync)).toEqual(refused);
    world.engine.volumes.delete('gentoo-repository');
    expect(await look(world, undefined, noSync)).toEqual(refused);
  });

  it('that is mounted read-only can be built from, and not synced', async () => {
    using world = new BuildWorld();
    expect(await look(world, undefined, { createTree: false, sync: false }, true)).toBe('filled');
    expect(await look(world, undefined, syncing, true)).toEqual([
      'tree-unusable',
      expect.stringContaining('mounted read-only'),
      expect.stringContaining('--no-sync'),
    ]);
  });

  it('is looked at without a container that stays, even when the look fails', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'statPath', error: new EngineRefusal(500, 'no') });
    await expect(look(world, undefined)).rejects.toThrow('no');
    expect(world.left.containers).toEqual(nothing.containers);
  });
});
