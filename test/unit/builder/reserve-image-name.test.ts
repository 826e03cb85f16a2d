import { describe, expect, it } from 'vitest';
import { reserveImageName } from '../../../src/builder/reserve-image-name.ts';
import type { ContainerId } from '../../../src/engine/identifiers.ts';
import { baseName, BuildWorld } from './build-world.ts';

async function container(world: BuildWorld, name = 'build'): Promise<ContainerId> {
  return world.engine.createContainer(name, { image: baseName, command: [], mounts: [] });
}

const prefix = (id: string, length: number): string => `gentoo-${id.slice(0, length)}`;

describe('the name of an image', () => {
  it("is gentoo- and the first four characters of the container's id, and the container gets the same name", async () => {
    using world = new BuildWorld();
    const id = await container(world);
    expect(await reserveImageName(world.context.engine, id)).toBe(prefix(id, 4));
    expect(world.engine.container(id).name).toBe(prefix(id, 4));
  });

  it.each([1, 2, 5])('has more characters if images have the %i shorter names', async (taken) => {
    using world = new BuildWorld();
    const id = await container(world);
    const others = Array.from({ length: taken }, (_, index) => prefix(id, 4 + index));
    const images = others.map((name) => world.engine.addImage(name).id);
    expect(await reserveImageName(world.context.engine, id)).toBe(prefix(id, 4 + taken));
    expect(others.map((name) => world.engine.imageNames.get(`${name}:latest`))).toEqual(images);
  });

  it('has more characters if another build has reserved the shorter name', async () => {
    using world = new BuildWorld();
    const id = await container(world);
    await container(world, prefix(id, 4));
    expect(await reserveImageName(world.context.engine, id)).toBe(prefix(id, 5));
  });

  it('has more characters if another build commits and ends between the first look and the rename', async () => {
    using world = new BuildWorld();
    const id = await container(world);
    world.onCall = (method, nth) =>
      void (method === 'renameContainer' && nth === 1 && world.engine.addImage(prefix(id, 4)));
    expect(await reserveImageName(world.context.engine, id)).toBe(prefix(id, 5));
    expect(world.engine.container(id).name).toBe(prefix(id, 5));
  });

  it('differs for two containers with similar ids that reserve a name at the same time', async () => {
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

  it('cannot be reserved if every name is taken', async () => {
    using world = new BuildWorld();
    const id = await container(world);
    for (let length = 4; length <= id.length; length++) world.engine.addImage(prefix(id, length));
    await expect(reserveImageName(world.context.engine, id)).rejects.toMatchObject({
      code: 'commit-failed',
      message: `failed to name the image: every name from ${prefix(id, 4)} to gentoo-${id} is taken`,
    });
  });
});
