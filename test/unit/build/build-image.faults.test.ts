import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage } from '../../../src/build/build-image.ts';
import { EngineRefusal } from '../../../src/engine/engine.ts';
import { Failure, Failures, failuresOf } from '../../../src/failure.ts';
import type { EngineMethod } from '../../support/fake-engine-faults.ts';
import { buildRequest, BuildWorld, interruption, nothing } from './build-world.ts';
import { hang, hangForGood, type Program } from './fake-portage.ts';
import { fakeTime, passTime, stopwatch } from './fake-time.ts';

vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises);
vi.mock('node:perf_hooks', async () => (await import('./fake-time.ts')).perfHooks);

beforeEach(fakeTime);
afterEach(restoreTime);

function restoreTime(): void {
  vi.useRealTimers();
  vi.restoreAllMocks();
}

const request = buildRequest({ tags: ['mine:1'] });

/** What a build came to: its result or its error. */
function outcomeOf(world: BuildWorld, asked = request): Promise<unknown> {
  return passTime(buildImage(asked, world.context).catch((error: unknown) => error));
}

type Call = readonly [method: EngineMethod, nth: number];

/** Every call that a build which succeeds makes, in two parts: those before there is an image, and those after. */
async function recordCalls(): Promise<{ before: readonly Call[]; after: readonly Call[] }> {
  fakeTime();
  using world = new BuildWorld();
  const calls: Call[] = [];
  world.onCall = (method, nth) => calls.push([method, nth]);
  await outcomeOf(world);
  restoreTime();
  const commit = calls.findIndex(([method]) => method === 'commitContainer');
  return { before: calls.slice(0, commit + 1), after: calls.slice(commit + 1) };
}

const { before, after } = await recordCalls();
/** The streams of sync and emerge, which are taken up again, and the settings that are read early, as they may fail. */
const isStream = ([method]: Call): boolean => method === 'execAttached' || method === 'execExitCode';
const oneImage = { ...nothing, images: [expect.stringMatching(/^gentoo-[0-9a-f]{4}:latest$/)] };

describe('a build in which the engine refuses a call', () => {
  it.each(before.filter((call) => !isStream(call)))('leaves nothing and says why: %s, call %i', async (method, nth) => {
    using world = new BuildWorld();
    world.engine.fault({ method, nth, error: new EngineRefusal(500, 'the engine is ill') });
    const outcome = await outcomeOf(world);
    expect(String(outcome)).toContain('the engine is ill');
    // Whatever step knows more about it, none takes it for a defect of the program.
    expect(outcome instanceof Failure || outcome instanceof Failures).toBe(true);
    expect(world.left).toEqual(nothing);
  });

  it.each(after)(
    'leaves the image, and nothing else, after the commit, and says why: %s, call %i',
    async (method, nth) => {
      using world = new BuildWorld();
      world.engine.fault({ method, nth, error: new EngineRefusal(500, 'the engine is ill') });
      expect(String(await outcomeOf(world))).toContain('the engine is ill');
      expect(world.left).toEqual(oneImage);
    },
  );

  it.each(before.filter(isStream))(
    'goes on when it is a stream that can be taken up again: %s, call %i',
    async (method, nth) => {
      using world = new BuildWorld();
      world.engine.fault({ method, nth, error: new EngineRefusal(500, 'the engine is ill') });
      expect(await outcomeOf(world)).toMatchObject({ packages: ['app-misc/hello-2.10'] });
      expect(world.left).toEqual(oneImage);
    },
  );
});

describe('a build that loses an answer of the engine', () => {
  const lost = new Failure('engine-lost', 'failed to do something: lost the engine');

  const isRepeated = (call: Call): boolean => isStream(call) || call[0] === 'execDetached';

  it.each(before.filter(isRepeated))('does again what may be done again: %s, call %i', async (method, nth) => {
    using world = new BuildWorld();
    const ran = vi.fn<() => number>(() => 0);
    world.portage.emerge = ran;
    world.engine.fault({ method, nth, error: lost, afterEffect: true });
    expect(await outcomeOf(world)).toMatchObject({ image: { tags: ['mine:1'] } });
    expect(ran).toHaveBeenCalledTimes(1);
    expect(world.left).toEqual(oneImage);
  });

  it.each(before.filter((call) => !isRepeated(call) && call[0] !== 'commitContainer'))(
    'leaves no container and says so: %s, call %i',
    async (method, nth) => {
      using world = new BuildWorld();
      world.engine.fault({ method, nth, error: lost, afterEffect: true });
      expect(failuresOf(await outcomeOf(world))).toEqual([lost]);
      // Whether its own work volume was made it cannot know: the next run removes it.
      const isWorkspace = method === 'createVolume' && nth === 1;
      expect(world.left).toEqual(isWorkspace ? { ...nothing, workspaces: [expect.any(String)] } : nothing);
    },
  );

  it('finds the image again when the answer to the commit was lost, and commits once', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error: lost, afterEffect: true });
    const [id] = [...world.engine.imageNames.values()];
    expect(await outcomeOf(world)).toMatchObject({ image: { id: expect.not.stringMatching(String(id)) as string } });
    expect(world.calls('commitContainer')).toHaveLength(1);
    expect(world.left).toEqual(oneImage);
  });
});

describe('a build whose container is taken away by somebody else', () => {
  const started = before.findIndex(([method]) => method === 'execDetached');

  it.each(before.slice(started, -1).filter(([method]) => method !== 'inspectImage'))(
    'ends as lost, not as a failure of a package: %s, call %i',
    async (method, nth) => {
      using world = new BuildWorld();
      world.onCall = (called, count) => {
        const [container] = world.engine.containers.values();
        if (called === method && count === nth && container) void world.engine.removeContainer(container.id);
      };
      const outcome = await outcomeOf(world);
      expect(outcome).toMatchObject({
        code: 'container-lost',
        message: expect.stringContaining('somebody removed it') as string,
      });
      expect(world.left).toEqual(nothing);
    },
  );

  it('ends as lost when it was stopped between two of its jobs', async () => {
    using world = new BuildWorld();
    world.onCall = (method, nth) => {
      const [container] = world.engine.containers.values();
      if (method === 'execDetached' && nth === 2 && container) world.engine.stopContainer(container, 0);
    };
    expect(await outcomeOf(world)).toMatchObject({
      code: 'container-lost',
      message: expect.stringContaining('exit status 0') as string,
    });
    expect(world.left).toEqual(nothing);
  });

  it('ends as lost when it was stopped while emerge ran', async () => {
    using world = new BuildWorld();
    world.portage.emerge = ({ container }) => {
      world.engine.stopContainer(container, 137);
      return hangForGood({} as never);
    };
    expect(await outcomeOf(world)).toMatchObject({
      code: 'container-lost',
      message: expect.stringContaining('exit status 137') as string,
    });
    expect(world.left).toEqual(nothing);
  });
});

describe('a build that is aborted', () => {
  const abortAt = (world: BuildWorld, [method, nth]: Call): void => {
    world.onCall = (called, count) => {
      if (called === method && count === nth) world.aborter.abort(interruption);
    };
  };

  /** Aborts a minute after a job has begun; answers with the time since then. */
  const abortDuring = (world: BuildWorld, name: 'sync' | 'emerge', program: Program): (() => number) => {
    let elapsed = (): number => NaN;
    world.portage[name] = (running) => {
      elapsed = stopwatch();
      setTimeout(() => world.aborter.abort(interruption), 60_000);
      return program(running);
    };
    return () => elapsed();
  };

  it.each(before)('leaves nothing and gives the reason: %s, call %i', async (method, nth) => {
    using world = new BuildWorld();
    abortAt(world, [method, nth]);
    expect(await outcomeOf(world)).toBe(interruption);
    expect(world.left).toEqual(nothing);
    expect(world.engine.imageNames.has('mine:1')).toBe(false);
  });

  it.each(after)('is finished where it comes after the commit: %s, call %i', async (method, nth) => {
    using world = new BuildWorld();
    abortAt(world, [method, nth]);
    expect(await outcomeOf(world)).toMatchObject({ image: { tags: ['mine:1'] } });
    expect(world.left).toEqual(oneImage);
  });

  it.each(['sync', 'emerge'] as const)('ends a %s that runs by SIGTERM to all of its processes', async (name) => {
    using world = new BuildWorld();
    const elapsed = abortDuring(world, name, hang);
    expect(await outcomeOf(world)).toBe(interruption);
    expect(elapsed()).toBeLessThan(61_000);
    expect(world.portage.names.at(-1)).toBe('terminate');
    expect(world.left).toEqual(nothing);
  });

  it('ends one that ignores SIGTERM after three seconds', async () => {
    using world = new BuildWorld();
    const elapsed = abortDuring(world, 'emerge', hangForGood);
    expect(await outcomeOf(world)).toBe(interruption);
    expect(elapsed()).toBeGreaterThanOrEqual(63_000);
    expect(elapsed()).toBeLessThan(64_000);
    expect(world.portage.names.at(-1)).toBe('terminate');
    expect(world.left).toEqual(nothing);
  });

  it('commits nothing when the answer to the commit is lost as well', async () => {
    using world = new BuildWorld();
    abortAt(world, ['commitContainer', 1]);
    world.engine.fault({ method: 'commitContainer', error: new Failure('engine-lost', 'lost'), afterEffect: true });
    expect(await outcomeOf(world)).toBe(interruption);
    expect(world.left).toEqual(nothing);
  });
});

describe('a build that fails', () => {
  const fail: Program = ({ print }) => {
    print('boom\n');
    return 1;
  };
  const keep = buildRequest({ keepFailed: true });

  it('keeps its container and work volume with --keep-failed, stopped, and says how to enter and remove them', async () => {
    using world = new BuildWorld();
    world.portage.emerge = fail;
    expect(await outcomeOf(world, keep)).toBeInstanceOf(Failure);
    const [container] = world.engine.containers.values();
    const name = `gentoo-failed-${container?.id.slice(0, 12)}`;
    const [workspace] = world.left.workspaces;
    expect(world.left).toEqual({ containers: [name], workspaces: [expect.any(String)], images: [] });
    expect(container?.state).toBe('exited');
    expect(world.messages('note').at(-1)?.split('\n').slice(1)).toEqual([
      `  docker start ${name}`,
      `  docker exec -it ${name} /bin/bash`,
      'To remove it:',
      `  docker rm --force --volumes ${name}`,
      `  docker volume rm ${workspace}`,
    ]);
  });

  it('keeps nothing with --keep-failed where it failed before there was a container', async () => {
    using world = new BuildWorld({ base: {} });
    expect(await outcomeOf(world, keep)).toMatchObject({ all: [{ code: 'base-unusable' }] });
    expect(world.left).toEqual(nothing);
  });

  it('says what failed even if the engine then lets go of nothing, and warns of what is left', async () => {
    using world = new BuildWorld();
    world.portage.emerge = (running) => {
      world.engine.fault({ method: 'removeContainer', error: new EngineRefusal(500, 'device or resource busy') });
      return fail(running);
    };
    expect(await outcomeOf(world)).toMatchObject({ message: expect.stringContaining('boom') as string });
    expect(world.messages('warning')).toEqual(['failed to remove what the build began: device or resource busy']);
  });

  it.each(['waitContainer', 'execExitCode', 'execDetached', 'inspectContainer'] as const)(
    'removes its container even if it cannot be ended in good order: %s is refused',
    async (method) => {
      using world = new BuildWorld();
      world.portage.emerge = (running) => {
        world.engine.fault({ method, error: new EngineRefusal(500, 'no') });
        return fail(running);
      };
      await outcomeOf(world);
      expect(world.left).toEqual(nothing);
      expect(world.messages('warning')).toEqual([]);
    },
  );
});
