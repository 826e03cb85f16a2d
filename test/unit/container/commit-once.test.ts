import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commitOnce } from '../../../src/container/commit-once.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure } from '../../../src/failure.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';
import { BuildWorld } from '../builder/build-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const request = { name: 'mine', changes: ['CMD ["/bin/sh"]'], labels: { a: 'b' } };
const lost = new Failure('engine-lost', 'lost');

async function commit(world: BuildWorld, hint?: string): Promise<unknown> {
  const session = await world.session();
  return passTime(commitOnce(session, request, hint).catch((error: unknown) => error));
}

describe('a commit', () => {
  it('makes an image with the name, the changes and the labels', async () => {
    using world = new BuildWorld();
    expect(await commit(world)).toBe(world.engine.imageNames.get('mine:latest'));
    expect(world.calls('commitContainer')).toMatchObject([[expect.any(String), request]]);
    expect(world.calls('inspectImage')).toEqual([]);
  });

  it.each([lost, new EngineRefusal(502, 'Bad Gateway')])(
    'waits for the image if its answer is lost: %o',
    async (error) => {
      using world = new BuildWorld();
      world.engine.fault({ method: 'commitContainer', error });
      const elapsed = stopwatch();
      setTimeout(() => world.engine.addImage('mine'), 5000);
      expect(await commit(world)).toBe(world.engine.imageNames.get('mine:latest'));
      expect([elapsed() >= 5000, elapsed() <= 5200]).toEqual([true, true]);
      expect(world.calls('commitContainer')).toHaveLength(1);
    },
  );

  it('fails with its first error if the image does not appear within twenty seconds', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error: lost });
    world.engine.fault({ method: 'inspectImage', error: new EngineRefusal(500, 'ill') });
    const elapsed = stopwatch();
    expect(await commit(world)).toBe(lost);
    expect(Math.round(elapsed() / 1000)).toBe(20);
  });

  it('that the engine refuses fails with a hint', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error: new EngineRefusal(500, 'ill') });
    const failed = { code: 'commit-failed', message: 'failed to commit mine: ill' };
    expect(await commit(world, 'look')).toMatchObject({ ...failed, hint: 'look' });
    expect(await commit(world)).toMatchObject({
      ...failed,
      hint: 'run again with --keep-failed to keep the container, and look into it',
    });
    expect(world.calls('inspectImage')).toEqual([]);
  });

  it('for which there is no space fails with a hint of its own', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error: new EngineRefusal(500, 'no space left on device') });
    expect(await commit(world, 'look')).toMatchObject({
      hint: "the disk of the engine's data directory is full: `docker system df` shows how much images, containers and volumes use",
    });
  });
});
