import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ContainerSession } from '../../../src/container/container-session.ts';
import { jobCommand } from '../../../src/job/job-scripts.ts';
import { terminateCommand } from '../../../src/container/container-scripts.ts';
import { stopBuildContainer, terminateBuildContainer } from '../../../src/container/stop-build-container.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { BuildWorld } from '../builder/build-world.ts';
import { hang, hangForGood, type Program } from '../job/fake-jobs.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

/** A build container with a job in it. */
async function working(world: BuildWorld, program: Program): Promise<ContainerSession> {
  world.portage.emerge = program;
  const container = await world.session();
  container.currentJob = await world.engine.execDetached(container.id, {
    command: jobCommand('emerge', container.log.path, ['emerge']),
  });
  return container;
}

describe('a stop', () => {
  it("closes the container's standard input, and takes no time", async () => {
    using world = new BuildWorld();
    const container = await world.session();
    const elapsed = stopwatch();
    await passTime(stopBuildContainer(container));
    expect(world.engine.container(container.id)).toMatchObject({ state: 'exited', exitCode: 0 });
    expect(elapsed()).toBe(0);
    expect(world.calls('killContainer')).toEqual([]);
  });

  it('kills the container if it still runs after three seconds', async () => {
    using world = new BuildWorld();
    const container = {
      ...(await world.session()),
      hold: { write: () => undefined, close: () => undefined, ended: Promise.resolve() },
    };
    const elapsed = stopwatch();
    await passTime(stopBuildContainer(container));
    expect(world.calls('killContainer')).toEqual([[container.id, 'SIGKILL']]);
    expect(world.engine.container(container.id)).toMatchObject({ state: 'exited', exitCode: 137 });
    expect(elapsed()).toBe(3000);
  });

  it("throws the engine's refusal", async () => {
    using world = new BuildWorld();
    const refusal = new EngineRefusal(500, 'ill');
    world.engine.fault({ method: 'waitContainer', error: refusal });
    await expect(passTime(stopBuildContainer(await world.session()))).rejects.toBe(refusal);
  });
});

describe('a termination', () => {
  it('sends SIGTERM to every process, and stops the container as soon as the job ends', async () => {
    using world = new BuildWorld();
    const container = await working(world, hang);
    const elapsed = stopwatch();
    await passTime(terminateBuildContainer(container));
    expect(world.portage.ran.map(({ request }) => request.command).at(-1)).toEqual(terminateCommand());
    expect(world.engine.container(container.id).state).toBe('exited');
    expect(elapsed()).toBeLessThanOrEqual(50);
  });

  it('case 3.4: stops the container after three seconds, too, if the clock is set back by an hour meanwhile', async () => {
    using world = new BuildWorld();
    const container = await working(world, hangForGood);
    const elapsed = stopwatch();
    setTimeout(() => vi.setSystemTime(Date.now() - 3_600_000), 1000);
    await passTime(terminateBuildContainer(container));
    expect(world.engine.container(container.id).state).toBe('exited');
    expect(elapsed()).toBeLessThan(10_000);
  });

  it('stops the container after three seconds if the job does not end', async () => {
    using world = new BuildWorld();
    const container = await working(world, hangForGood);
    const elapsed = stopwatch();
    await passTime(terminateBuildContainer(container));
    expect(elapsed()).toBe(3000);
    expect(world.engine.container(container.id).state).toBe('exited');
  });

  it('sends no signal if the job ended before, or if there was no job', async () => {
    using world = new BuildWorld();
    const ended = await working(world, () => 0);
    await passTime(terminateBuildContainer(ended));
    using idle = new BuildWorld();
    await passTime(terminateBuildContainer(await idle.session()));
    expect([...world.portage.names, ...idle.portage.names]).toEqual(['emerge']);
  });

  it('does nothing if the container is gone', async () => {
    using world = new BuildWorld();
    const container = await working(world, hang);
    await world.engine.removeContainer(container.id);
    await expect(passTime(terminateBuildContainer(container))).resolves.toBeUndefined();
    expect(world.portage.names).toEqual(['emerge']);
  });

  it('sends no signal into a container that stopped by itself', async () => {
    using world = new BuildWorld();
    const container = await working(world, hang);
    world.engine.stopContainer(world.engine.container(container.id), 137);
    await passTime(terminateBuildContainer(container));
    expect(world.portage.names).toEqual(['emerge']);
  });
});
