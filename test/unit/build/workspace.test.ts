import { describe, expect, it } from 'vitest';
import { formatOwner } from '../../../src/build/owner.ts';
import {
  createWorkspace,
  keptPrefix,
  ownerLabel,
  removeWorkspace,
  sweepWorkspaces,
} from '../../../src/build/workspace.ts';
import { EngineRefusal, type ContainerId, type ContainerState } from '../../../src/engine/engine.ts';
import type { FakeContainer } from '../../support/fake-engine-state.ts';
import { baseName, BuildWorld } from './build-world.ts';

/** A builder container that another run is in. */
async function otherBuilder(world: BuildWorld): Promise<FakeContainer> {
  const id = await world.engine.createContainer('other-builder', { image: baseName, command: [], mounts: [] });
  await world.engine.startContainer(id);
  return world.engine.container(id);
}

/** The work volume of a builder, with a build container in some state. */
async function workOf(
  world: BuildWorld,
  builder: FakeContainer,
  state: ContainerState = 'running',
  name = 'work',
): Promise<FakeContainer> {
  world.addVolume(
    name,
    {},
    { [ownerLabel]: formatOwner({ kind: 'container', id: builder.id, startedAt: builder.startedAt }) },
  );
  const mounts = [{ type: 'volume', source: name, target: '/var/tmp/portage' }] as const;
  const id = await world.engine.createContainer(`${name}-build`, { image: baseName, command: [], mounts });
  if (state !== 'created') await world.engine.startContainer(id);
  const container = world.engine.container(id);
  if (state !== 'created') container.state = state;
  return container;
}

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
  it.each(everyState)("leaves a living builder's container alone while it is %s", async (state) => {
    using world = new BuildWorld();
    const container = await workOf(world, await otherBuilder(world), state);
    await sweepWorkspaces(world.context);
    expect(world.engine.containers.has(container.id)).toBe(true);
    expect(world.engine.volumes.has('work')).toBe(true);
    expect(world.events).toEqual([]);
  });

  it.each(everyState)("removes a dead builder's container, with its work volume, while it is %s", async (state) => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    const container = await workOf(world, builder, state);
    world.engine.stopContainer(builder, 137);
    await sweepWorkspaces(world.context);
    expect(world.engine.containers.has(container.id)).toBe(false);
    expect(world.engine.volumes.has('work')).toBe(false);
    expect(world.messages('note')).toEqual(['removed work, left over from a builder that is gone']);
  });

  it('removes what is left of a builder that was removed, or started again since', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    await workOf(world, builder);
    builder.startedAt = 'later';
    await sweepWorkspaces(world.context);
    expect(world.engine.volumes.has('work')).toBe(false);
    await workOf(world, builder);
    await world.engine.removeContainer(builder.id);
    await sweepWorkspaces(world.context);
    expect(world.engine.volumes.has('work')).toBe(false);
  });

  it('removes every container of a dead builder, its probes too', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    await workOf(world, builder);
    await world.engine.createContainer('probe', {
      image: baseName,
      command: [],
      mounts: [{ type: 'volume', source: 'work', target: '/var/tmp/portage' }],
    });
    await world.engine.removeContainer(builder.id);
    await sweepWorkspaces(world.context);
    expect(world.left).toEqual({ containers: [], workspaces: [], images: [] });
  });

  it('leaves what --keep-failed kept', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    const container = await workOf(world, builder, 'exited');
    container.name = `${keptPrefix}0123456789ab`;
    await world.engine.removeContainer(builder.id);
    await sweepWorkspaces(world.context);
    expect(world.engine.containers.has(container.id)).toBe(true);
    expect(world.engine.volumes.has('work')).toBe(true);
  });

  it("leaves other programs' volumes alone, whatever they are called", async () => {
    using world = new BuildWorld();
    world.addVolume('gentoo-builder-0123456789abcdef');
    world.addVolume('theirs', {}, { owner: 'them' });
    await sweepWorkspaces(world.context);
    expect([...world.engine.volumes.keys()]).toEqual([
      'gentoo-repository',
      'gentoo-builder-0123456789abcdef',
      'theirs',
    ]);
  });

  it.each(['', '{', '{"kind":"container"}', '{"kind":"container","id":7,"startedAt":"x"}', 'null'])(
    'leaves a volume alone whose label is damaged: %s',
    async (label) => {
      using world = new BuildWorld();
      world.addVolume('work', {}, { [ownerLabel]: label });
      await sweepWorkspaces(world.context);
      expect(world.engine.volumes.has('work')).toBe(true);
    },
  );

  it('may happen twice at once', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    for (const name of ['work1', 'work2', 'work3']) await workOf(world, builder, 'running', name);
    world.engine.stopContainer(builder, 137);
    world.engine.fault({ method: 'removeContainer', nth: 2, delay: 5 });
    await Promise.all([sweepWorkspaces(world.context), sweepWorkspaces(world.context)]);
    expect(world.left.workspaces).toEqual([]);
    expect(world.left.containers).toEqual(['other-builder']);
  });

  it('goes on when the engine does not let go of something, and says so', async () => {
    using world = new BuildWorld();
    const builder = await otherBuilder(world);
    for (const name of ['work1', 'work2']) await workOf(world, builder, 'running', name);
    world.engine.stopContainer(builder, 137);
    world.engine.fault({ method: 'removeContainer', nth: 1, error: new EngineRefusal(500, 'device or resource busy') });
    await sweepWorkspaces(world.context);
    expect(world.left.workspaces).toEqual(['work1']);
    expect(world.messages('warning')).toEqual([
      'failed to remove work1, left over from a builder that is gone: device or resource busy',
    ]);
    await sweepWorkspaces(world.context);
    expect(world.left.workspaces).toEqual([]);
  });
});

describe('a workspace', () => {
  it('belongs to the builder container that made it, in this life of it', async () => {
    using world = new BuildWorld();
    const self = await world.startSelf();
    const { volume, run } = await createWorkspace(world.context);
    expect(run).toMatch(/^[0-9a-f]{16}$/);
    expect(volume).toBe(`gentoo-builder-${run}`);
    const label = world.engine.volumes.get(volume)?.labels[ownerLabel] ?? '';
    expect(JSON.parse(label)).toEqual({ kind: 'container', id: self.id, startedAt: self.startedAt });
    await sweepWorkspaces(world.context);
    expect(world.engine.volumes.has(volume)).toBe(true);
  });

  it('belongs to this process outside of a container, and is not swept by it', async () => {
    using world = new BuildWorld();
    const { volume } = await createWorkspace(world.context);
    expect(JSON.parse(world.engine.volumes.get(volume)?.labels[ownerLabel] ?? '')).toMatchObject({
      kind: 'process',
      pid: process.pid,
    });
    await sweepWorkspaces(world.context);
    expect(world.engine.volumes.has(volume)).toBe(true);
  });

  it('is removed with all that mounts it, and a second time without complaint', async () => {
    using world = new BuildWorld();
    const container = await world.buildContainer();
    await removeWorkspace(world.context, container.workspace.volume);
    await removeWorkspace(world.context, container.workspace.volume);
    expect(world.left).toEqual({ containers: [], workspaces: [], images: [] });
    expect(await world.engine.inspectContainer('x'.repeat(64) as ContainerId)).toBeUndefined();
  });
});
