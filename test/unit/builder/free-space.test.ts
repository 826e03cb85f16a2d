import { describe, expect, it } from 'vitest';
import { checkFreeSpace } from '../../../src/builder/free-space.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { BuildWorld } from './build-world.ts';

const everything = Number.MAX_SAFE_INTEGER;

describe('the check for free space', () => {
  it("refuses too little free space in the engine's data directory on the engine's host", async () => {
    using world = new BuildWorld();
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/' };
    await expect(checkFreeSpace(world.context, everything)).rejects.toMatchObject({
      code: 'disk-space',
      exitStatus: 15,
      message: expect.stringMatching(
        /^failed to find room for a build: \d+ MiB are free .* \(\/\), but --min-free requires 8589934591 MiB$/,
      ) as string,
      hint: 'free disk space (`docker system df` shows its use), or require less with --min-free SIZE',
    });
    await expect(checkFreeSpace(world.context, 0)).resolves.toBeUndefined();
  });

  it('checks the file system of / in a builder container, and does not ask the engine', async () => {
    using world = new BuildWorld();
    await world.startSelf();
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/nowhere' };
    await expect(checkFreeSpace(world.context, everything)).rejects.toMatchObject({ code: 'disk-space' });
    expect(world.calls('info')).toEqual([]);
  });

  it('accepts a data directory that does not exist', async () => {
    using world = new BuildWorld();
    world.engine.engineInfo = { ...world.engine.engineInfo, dataRoot: '/nowhere/at/all' };
    await expect(checkFreeSpace(world.context, everything)).resolves.toBeUndefined();
  });

  it('accepts an engine on another machine', async () => {
    using world = new BuildWorld();
    const engine = {
      address: 'tcp://far.example:2375',
      info: () => Promise.resolve({ ...world.engine.engineInfo, dataRoot: '/' }),
    } as Engine;
    await expect(checkFreeSpace({ ...world.context, engine }, everything)).resolves.toBeUndefined();
  });
});
