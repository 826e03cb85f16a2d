import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BuildContainer } from '../../../src/build/build-container.ts';
import { jobCommand, terminateCommand } from '../../../src/build/job-scripts.ts';
import { stopBuildContainer, terminateBuildContainer } from '../../../src/build/stop-build-container.ts';
import { EngineRefusal } from '../../../src/engine/engine.ts';
import { BuildWorld } from './build-world.ts';
import { hang, hangForGood, type Program } from './fake-portage.ts';
import { fakeTime, passTime, stopwatch } from './fake-time.ts';

vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises);

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A build container with a job in it. */
async function working(world: BuildWorld, program: Program): Promise<BuildContainer> {
  world.portage.emerge = program;
  const container = await world.buildContainer();
  container.lastJob = await world.engine.execDetached(container.id, {
    command: jobCommand('emerge', container.log.path, ['emerge']),
  });
  return container;
}

describe('a stop', () => {
  it("is the end of the container's standard input, and takes no time", async () => {
    using world = new BuildWorld();
    const container = await world.buildContainer();
    const elapsed = stopwatch();
    await passTime(stopBuildContainer(world.engine, container));
    expect(world.engine.container(container.id)).toMatchObject({ state: 'exited', exitCode: 0 });
    expect(elapsed()).toBe(0);
    expect(world.calls('killContainer')).toEqual([]);
  });

  it('is a kill after three seconds where the container goes on', async () => {
    using world = new BuildWorld();
    const container = {
      ...(await world.buildContainer()),
      hold: { write: () => undefined, close: () => undefined, ended: Promise.resolve() },
    };
    const elapsed = stopwatch();
    await passTime(stopBuildContainer(world.engine, container));
    expect(world.calls('killContainer')).toEqual([[container.id, 'SIGKILL']]);
    expect(world.engine.container(container.id)).toMatchObject({ state: 'exited', exitCode: 137 });
    expect(elapsed()).toBe(3000);
  });

  it('passes on what the engine refuses', async () => {
    using world = new BuildWorld();
    const refusal = new EngineRefusal(500, 'ill');
    world.engine.fault({ method: 'waitContainer', error: refusal });
    await expect(passTime(stopBuildContainer(world.engine, await world.buildContainer()))).rejects.toBe(refusal);
  });
});

describe('a termination', () => {
  it('sends SIGTERM to every process, and stops the container as soon as the job has ended', async () => {
    using world = new BuildWorld();
    const container = await working(world, hang);
    const elapsed = stopwatch();
    await passTime(terminateBuildContainer(world.engine, container));
    expect(world.portage.ran.map(({ request }) => request.command).at(-1)).toEqual(terminateCommand);
    expect(world.engine.container(container.id).state).toBe('exited');
    expect(elapsed()).toBeLessThanOrEqual(50);
  });

  it('gives the job three seconds, and no more', async () => {
    using world = new BuildWorld();
    const container = await working(world, hangForGood);
    const elapsed = stopwatch();
    await passTime(terminateBuildContainer(world.engine, container));
    expect(elapsed()).toBe(3000);
    expect(world.engine.container(container.id).state).toBe('exited');
  });

  it('sends no signal where the job has ended, or there never was one', async () => {
    using world = new BuildWorld();
    const ended = await working(world, () => 0);
    await passTime(terminateBuildContainer(world.engine, ended));
    using idle = new BuildWorld();
    await passTime(terminateBuildContainer(idle.engine, await idle.buildContainer()));
    expect([...world.portage.names, ...idle.portage.names]).toEqual(['emerge']);
  });

  it('has nothing to do where the container is gone', async () => {
    using world = new BuildWorld();
    const container = await working(world, hang);
    await world.engine.removeContainer(container.id);
    await expect(passTime(terminateBuildContainer(world.engine, container))).resolves.toBeUndefined();
    expect(world.portage.names).toEqual(['emerge']);
  });

  it('sends no signal into a container that stopped by itself', async () => {
    using world = new BuildWorld();
    const container = await working(world, hang);
    world.engine.stopContainer(world.engine.container(container.id), 137);
    await passTime(terminateBuildContainer(world.engine, container));
    expect(world.portage.names).toEqual(['emerge']);
  });
});
