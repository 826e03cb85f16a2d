import { describe, expect, it } from 'vitest';
import { checkFreeSpace } from '../../../src/build/free-space.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { BuildWorld } from './build-world.ts';

const everything = Number.MAX_SAFE_INTEGER;

describe('the check for free space', () => {
  it("refuses less than is asked for in the engine's data directory, on its own host", async () => {
    using world = new BuildWorld();
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/' };
    await expect(checkFreeSpace(world.context, everything)).rejects.toMatchObject({
      code: 'disk-space',
      exitStatus: 15,
      message: expect.stringMatching(
        /^failed to find room for a build: \d+ MiB are free .* \(\/\), and 8589934591 MiB are asked for$/,
      ) as string,
      hint: expect.stringContaining('--min-free SIZE') as string,
    });
    await expect(checkFreeSpace(world.context, 0)).resolves.toBeUndefined();
  });

  it('looks at the file system below the builder container where there is one, and does not ask the engine', async () => {
    using world = new BuildWorld();
    await world.startSelf();
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/nowhere' };
    await expect(checkFreeSpace(world.context, everything)).rejects.toMatchObject({ code: 'disk-space' });
    expect(world.calls('info')).toEqual([]);
  });

  it('says nothing of a directory that is not there', async () => {
    using world = new BuildWorld();
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/nowhere/at/all' };
    await expect(checkFreeSpace(world.context, everything)).resolves.toBeUndefined();
  });

  it('says nothing of an engine on another machine', async () => {
    using world = new BuildWorld();
    const engine = {
      address: 'tcp://far.example:2375',
      info: () => Promise.resolve({ ...world.engine.engineInfo, dataRoot: '/' }),
    } as Engine;
    await expect(checkFreeSpace({ ...world.context, engine }, everything)).resolves.toBeUndefined();
  });
});
