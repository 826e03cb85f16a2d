import { describe, expect, it } from 'vitest';
import { reserveImageName } from '../../../src/build/reserve-image-name.ts';
import type { ContainerId } from '../../../src/engine/engine.ts';
import { baseName, BuildWorld } from './build-world.ts';

async function container(world: BuildWorld, name = 'build'): Promise<ContainerId> {
  return world.engine.createContainer(name, { image: baseName, command: [], mounts: [] });
}

const prefix = (id: string, length: number): string => `gentoo-${id.slice(0, length)}`;

describe('the name of an image', () => {
  it("is gentoo- and the first four characters of the container's id, which the container is named from then on", async () => {
    using world = new BuildWorld();
    const id = await container(world);
    expect(await reserveImageName(world.context.engine, id)).toBe(prefix(id, 4));
    expect(world.engine.container(id).name).toBe(prefix(id, 4));
  });

  it.each([1, 2, 5])('has a longer prefix where %i shorter ones are images already', async (taken) => {
    using world = new BuildWorld();
    const id = await container(world);
    const others = Array.from({ length: taken }, (_, index) => prefix(id, 4 + index));
    const images = others.map((name) => world.engine.addImage(name).id);
    expect(await reserveImageName(world.context.engine, id)).toBe(prefix(id, 4 + taken));
    expect(others.map((name) => world.engine.imageNames.get(`${name}:latest`))).toEqual(images);
  });

  it('has a longer prefix where another build has reserved the shorter one', async () => {
    using world = new BuildWorld();
    const id = await container(world);
    await container(world, prefix(id, 4));
    expect(await reserveImageName(world.context.engine, id)).toBe(prefix(id, 5));
  });

  it('has a longer prefix where another build commits and goes between the look and the reservation', async () => {
    using world = new BuildWorld();
    const id = await container(world);
    world.onCall = (method, nth) =>
      void (method === 'renameContainer' && nth === 1 && world.engine.addImage(prefix(id, 4)));
    expect(await reserveImageName(world.context.engine, id)).toBe(prefix(id, 5));
    expect(world.engine.container(id).name).toBe(prefix(id, 5));
  });

  it('cannot be the same for two containers whose ids begin alike, at the same moment', async () => {
    using world = new BuildWorld();
    const first = await container(world, 'first');
    const second = await container(world, 'second');
    const twin = `${first.slice(0, 6)}${second.slice(6)}` as ContainerId;
    const object = world.engine.container(second);
    Object.defineProperty(object, 'id', { value: twin });
    world.engine.containers.delete(second);
    world.engine.containers.set(twin, object);
    const names = await Promise.all([first, twin].map((id) => reserveImageName(world.context.engine, id)));
    expect(names).toEqual([prefix(first, 4), prefix(twin, 5)]);
  });

  it('is not to be had when every prefix is taken', async () => {
    using world = new BuildWorld();
    const id = await container(world);
    for (let length = 4; length <= id.length; length++) world.engine.addImage(prefix(id, length));
    await expect(reserveImageName(world.context.engine, id)).rejects.toMatchObject({
      code: 'commit-failed',
      message: expect.stringContaining(prefix(id, 4)) as string,
    });
  });
});
