import { describe, expect, it, vi } from 'vitest';
import { formatOwner } from '../../../src/ownership/owner.ts';
import { keptName, workVolumeName } from '../../../src/ownership/ownership.ts';
import { createWorkspace, ownerLabel, removeWorkspace, sweepWorkspaces } from '../../../src/container/workspace.ts';
import type { ContainerState } from '../../../src/engine/containers.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import type { ContainerId } from '../../../src/engine/identifiers.ts';
import type { FakeContainer } from '../../support/fake-engine/fake-engine-state.ts';
import { baseName, BuildWorld } from '../builder/build-world.ts';

/** Adds the builder container of another run. */
async function otherBuilder(world: BuildWorld): Promise<FakeContainer> {
  const id = await world.engine.createContainer('other-builder', { image: baseName, command: [], mounts: [] });
  await world.engine.startContainer(id);
  return world.engine.container(id);
}

/** Adds the work volume of a builder and a build container in the given state. */
async function workOf(
  world: BuildWorld,
  builder: FakeContainer,
  state: ContainerState = 'running',
  name = work,
): Promise<FakeContainer> {
  world.addVolume(
    name,
    {},
    { [ownerLabel]: formatOwner({ kind: 'container', id: builder.id, startedAt: builder.startedAt }) },
  );
  const mounts = [{ type: 'volume', source: name, target: '/var/tmp/portage' }] as const;
  const id = await world.engine.createContainer(name, { image: baseName, command: [], mounts });
  if (state !== 'created') await world.engine.startContainer(id);
  const container = world.engine.container(id);
  if (state !== 'created') container.state = state;
  return container;
}

/** The names of work volumes. */
const works = ['1', '2', '3'].map((digit) => workVolumeName(digit.repeat(16)));
const work = workVolumeName('0'.repeat(16));

const everyState: readonly ContainerState[] = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
];

describe('a sweep', () => {
  it.each(everyState)("keeps a living builder's container in the state %s", async (state) => {
    using world = new BuildWorld();
    const container = await workOf(world, await otherBuilder(world), state);
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.containers.has(container.id)).toBe(true);
    expect(world.engine.volumes.has(work)).toBe(true);
    expect(world.events).toEqual([]);
  });

  it.each(everyState)("removes a dead builder's container and work volume in the state %s", async (state) => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    const container = await workOf(world, builder, state);
    world.engine.stopContainer(builder, 137);
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.containers.has(container.id)).toBe(false);
    expect(world.engine.volumes.has(work)).toBe(false);
    expect(world.messages('note')).toEqual([`removed ${work}, left over from a builder that is gone`]);
  });

  it('removes the containers of a builder that was removed, or was started again since', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    await workOf(world, builder);
    builder.startedAt = 'later';
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.volumes.has(work)).toBe(false);
    await workOf(world, builder);
    await world.engine.removeContainer(builder.id);
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.volumes.has(work)).toBe(false);
  });

  it('removes every container of a dead builder, including probes', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    await workOf(world, builder);
    await world.engine.createContainer(`${work}-probe-1`, {
      image: baseName,
      command: [],
      mounts: [{ type: 'volume', source: work, target: '/var/tmp/portage' }],
    });
    await world.engine.removeContainer(builder.id);
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.left).toEqual({ containers: [], workspaces: [], images: [] });
  });

  it('keeps a container that --keep-failed kept', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    const container = await workOf(world, builder, 'exited');
    container.name = keptName(container.id);
    await world.engine.removeContainer(builder.id);
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.containers.has(container.id)).toBe(true);
    expect(world.engine.volumes.has(work)).toBe(true);
  });

  it('removes the rest if a container of a dead builder vanishes while it is looked at', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    const container = await workOf(world, builder, 'exited');
    await world.engine.removeContainer(builder.id);
    // The first call looks for the builder.
    world.onCall = (method, nth) =>
      void (method === 'inspectContainer' && nth === 2 && world.engine.containers.delete(container.id));
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.left.workspaces).toEqual([]);
  });

  it('keeps the volumes of other programs, whatever their names are', async () => {
    using world = new BuildWorld();
    world.addVolume('gentoo-builder-0123456789abcdef');
    world.addVolume('theirs', {}, { owner: 'them' });
    await sweepWorkspaces(world.context, [baseName]);
    expect([...world.engine.volumes.keys()]).toEqual([
      'gentoo-repository',
      'gentoo-builder-0123456789abcdef',
      'theirs',
    ]);
  });

  it.each(['', '{', '{"kind":"container"}', '{"kind":"container","id":7,"startedAt":"x"}', 'null'])(
    'keeps a volume whose label is damaged: %s',
    async (label) => {
      using world = new BuildWorld();
      world.addVolume(work, {}, { [ownerLabel]: label });
      await sweepWorkspaces(world.context, [baseName]);
      expect(world.engine.volumes.has(work)).toBe(true);
    },
  );

  it('works if two sweeps run at the same time', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    for (const name of works) await workOf(world, builder, 'running', name);
    world.engine.stopContainer(builder, 137);
    world.engine.fault({ method: 'removeContainer', nth: 2, delay: 5 });
    await Promise.all([sweepWorkspaces(world.context, [baseName]), sweepWorkspaces(world.context, [baseName])]);
    expect(world.left.workspaces).toEqual([]);
    expect(world.left.containers).toEqual(['other-builder']);
  });

  it('goes on with a warning if the engine refuses a removal', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    for (const name of works.slice(0, 2)) await workOf(world, builder, 'running', name);
    world.engine.stopContainer(builder, 137);
    world.engine.fault({ method: 'removeContainer', nth: 1, error: new EngineRefusal(500, 'device or resource busy') });
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.left.workspaces).toEqual([works[0]]);
    expect(world.messages('warning')).toEqual([
      `failed to remove ${works[0]}, left over from a builder that is gone: device or resource busy`,
    ]);
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.left.workspaces).toEqual([]);
  });
});

/** The label of a builder that is gone. */
const goneLabel = {
  [ownerLabel]: formatOwner({ kind: 'container', id: 'dead'.repeat(16) as ContainerId, startedAt: 'x' }),
};

describe('case 1.6: a volume that only has the label of a work volume', () => {
  it('stays with the container that mounts it, and a warning says why', async () => {
    using world = new BuildWorld();
    world.addVolume('precious', { '/data': 'data' }, goneLabel);
    const id = await world.engine.createContainer('db', {
      image: baseName,
      command: [],
      mounts: [{ type: 'volume', source: 'precious', target: '/data' }],
    });
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.volumes.has('precious')).toBe(true);
    expect(world.engine.containers.has(id)).toBe(true);
    expect(world.messages('warning')).toEqual([
      'left the volume precious as it is: it has the label gentoo-builder.owner, but its name is not that of a work volume',
    ]);
  });

  it.each([
    [
      'a container of another name mounts it',
      'db',
      '/var/tmp/portage',
      'the container db, which mounts it, does not have',
    ],
    ['a container mounts it at another place', work, '/data', `the container ${work} mounts it elsewhere`],
    [
      'a container of a similar name mounts it',
      'gentoo-0000',
      '/var/tmp/portage',
      'gentoo-0000, which mounts it, does not',
    ],
  ])('stays if it has the name of a work volume and %s', async (_, name, target, why) => {
    using world = new BuildWorld();
    world.addVolume(work, {}, goneLabel);
    const mounts = [{ type: 'volume', source: work, target }] as const;
    const id = await world.engine.createContainer(name, { image: baseName, command: [], mounts });
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.volumes.has(work)).toBe(true);
    expect(world.engine.containers.has(id)).toBe(true);
    expect(world.messages('warning').join()).toContain(why);
  });

  it('stays if it is of another driver, or mounts another file system', async () => {
    using world = new BuildWorld();
    world.engine.volumes.set(work, { name: work, labels: goneLabel, isPlain: false, files: new Map() });
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.volumes.has(work)).toBe(true);
    expect(world.messages('warning').join()).toContain('it is not an ordinary volume of the driver local');
  });

  it('stays if it has files that no build made, and goes if it is empty or has files of a build', async () => {
    using world = new BuildWorld();
    const [foreign = '', empty = '', built = ''] = works;
    world.addVolume(foreign, { '/ledger.db': 'data' }, goneLabel);
    world.addVolume(empty, {}, goneLabel);
    world.addVolume(built, { '/.gentoo-builder/emerge/pid': '1', '/app-misc/x': 'x' }, goneLabel);
    await sweepWorkspaces(world.context, ['no-such-image', baseName]);
    expect(world.left).toEqual({ containers: [], workspaces: [foreign], images: [] });
    expect(world.messages('warning').join()).toContain('it has files that no build made');
  });

  it('that another sweep removes meanwhile is no volume without an owner', async () => {
    using world = new BuildWorld();
    world.addVolume(work, {}, goneLabel);
    const { engine } = world;
    engine.fault({ method: 'removeContainer', nth: 1, error: new EngineRefusal(500, 'ill') });
    const create = engine.createContainer.bind(engine);
    vi.spyOn(engine, 'createContainer').mockImplementation((name, spec) => {
      engine.volumes.delete(work);
      return create(name, spec);
    });
    await sweepWorkspaces(world.context, [baseName]);
    // This sweep could not end: the next one finds the volume that the engine made again.
    expect(engine.volumes.get(work)?.labels).toEqual(goneLabel);
  });

  it('stays with the container of its name if it has files that no build made', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    const container = await workOf(world, builder);
    world.addVolume(work, { '/ledger.db': 'data' }, world.engine.volumes.get(work)?.labels);
    world.engine.stopContainer(builder, 137);
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.containers.has(container.id)).toBe(true);
    expect(world.engine.volumes.has(work)).toBe(true);
    expect(world.messages('warning').join()).toContain('it has files that no build made');
  });

  it('stays if no image is there to look into it', async () => {
    using world = new BuildWorld();
    world.addVolume(work, {}, goneLabel);
    await sweepWorkspaces(world.context, ['no-such-image']);
    expect(world.engine.volumes.has(work)).toBe(true);
  });

  it('goes with a container that had taken the name of an image', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    const container = await workOf(world, builder);
    container.name = `gentoo-${container.id.slice(0, 5)}`;
    world.engine.stopContainer(builder, 137);
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.left).toEqual({ containers: ['other-builder'], workspaces: [], images: [] });
  });
});

describe('case 1.7: the label of a volume that names no builder', () => {
  it.each(['../images/x', '', 'A'.repeat(64), 'abc', '0123456789ab/../../volumes/x', `${'a'.repeat(64)}\n`])(
    'is reported once, and the other volumes are swept: the id %j',
    async (id) => {
      using world = new BuildWorld();
      const [bad = '', good = ''] = works;
      world.addVolume(bad, {}, { [ownerLabel]: JSON.stringify({ kind: 'container', id, startedAt: 'x' }) });
      world.addVolume(good, {}, goneLabel);
      await sweepWorkspaces(world.context, [baseName]);
      expect(world.left.workspaces).toEqual([bad]);
      expect(world.messages('warning')).toEqual([
        `left the volume ${bad} as it is: it has the label gentoo-builder.owner, but its label gentoo-builder.owner names no builder`,
      ]);
      expect(world.calls('inspectContainer').flat()).not.toContain(id);
    },
  );
});

describe('the label of a volume of a builder that is gone', () => {
  const gone = { kind: 'container', id: 'dead'.repeat(16), startedAt: 'x' };

  it('has no format in version 0.1.0: the volume is removed', async () => {
    using world = new BuildWorld();
    world.addVolume(work, {}, { [ownerLabel]: JSON.stringify(gone) });
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.volumes.has(work)).toBe(false);
  });

  it.each([2, '2'])('has a newer format, %j: the volume stays, and a warning says so', async (format) => {
    using world = new BuildWorld();
    world.addVolume(work, {}, { [ownerLabel]: JSON.stringify({ format, ...gone }) });
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.volumes.has(work)).toBe(true);
    expect(world.messages('warning')).toEqual([
      `left the volume ${work} as it is: it has the label gentoo-builder.owner, but its label gentoo-builder.owner has the format 2, which this program does not know`,
    ]);
  });
});

describe('a workspace', () => {
  it('belongs to the builder container that created it, since its last start', async () => {
    using world = new BuildWorld();
    const self = await world.startSelf();
    const { volume, run } = await createWorkspace(world.context);
    expect(run).toMatch(/^[0-9a-f]{16}$/);
    expect(volume).toBe(`gentoo-builder-${run}`);
    const label = world.engine.volumes.get(volume)?.labels[ownerLabel] ?? '';
    expect(JSON.parse(label)).toEqual({ format: 1, kind: 'container', id: self.id, startedAt: self.startedAt });
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.volumes.has(volume)).toBe(true);
  });

  it('belongs to this process outside a container, and a sweep of this process keeps it', async () => {
    using world = new BuildWorld();
    const { volume } = await createWorkspace(world.context);
    expect(JSON.parse(world.engine.volumes.get(volume)?.labels[ownerLabel] ?? '')).toMatchObject({
      kind: 'process',
      pid: process.pid,
    });
    await sweepWorkspaces(world.context, [baseName]);
    expect(world.engine.volumes.has(volume)).toBe(true);
  });

  it('stays with a container of another program that mounts it, and a warning says so', async () => {
    using world = new BuildWorld();
    const { workspace } = await world.session();
    const mounts = [{ type: 'volume', source: workspace.volume, target: '/look' }] as const;
    await world.engine.createContainer('debugger', { image: baseName, command: [], mounts });
    await removeWorkspace(world.context, workspace.volume);
    expect(world.left).toEqual({ containers: ['debugger'], workspaces: [workspace.volume], images: [] });
    expect(world.messages('warning').join()).toContain('the container debugger mounts it elsewhere than a build does');
  });

  it('is removed with all containers that mount it; a second removal does nothing', async () => {
    using world = new BuildWorld();
    const container = await world.session();
    await removeWorkspace(world.context, container.workspace.volume);
    await removeWorkspace(world.context, container.workspace.volume);
    expect(world.left).toEqual({ containers: [], workspaces: [], images: [] });
    expect(await world.engine.inspectContainer('x'.repeat(64) as ContainerId)).toBeUndefined();
  });
});
