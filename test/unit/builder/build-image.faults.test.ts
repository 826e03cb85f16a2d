import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage } from '../../../src/builder/build-image.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure, Failures, failuresOf } from '../../../src/failure.ts';
import type { EngineMethod } from '../../support/fake-engine/fake-engine-faults.ts';
import { buildRequest, BuildWorld, interruption, nothing, program } from './build-world.ts';
import { hang, hangForGood, type Program } from '../job/fake-jobs.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const request = buildRequest({ tags: ['mine:1'] });

/** The result or the error of a build. */
function outcomeOf(world: BuildWorld, asked = request): Promise<unknown> {
  return passTime(buildImage(asked, world.context, program).catch((error: unknown) => error));
}

type Call = readonly [method: EngineMethod, nth: number];

/** All calls of the engine in a successful build, split at the commit of the image. */
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
/** The calls that may fail: the streams of sync and emerge, which are continued, and the early read of the settings. */
const isStream = ([method]: Call): boolean => method === 'execAttached' || method === 'execExitCode';
/** The calls that only the build record needs: the size of the image, and the file of the record. */
const isOfRecord = (call: Call): boolean =>
  call[0] === 'writeArchive' || (call[0] === 'inspectImage' && after[after.indexOf(call) + 1]?.[0] === 'writeArchive');
const oneImage = { ...nothing, images: [expect.stringMatching(/^gentoo-[0-9a-f]{4}:latest$/)] };

describe('a build in which the engine refuses a call', () => {
  it.each(before.filter((call) => !isStream(call)))(
    'leaves nothing and reports why: %s, call %i',
    async (method, nth) => {
      using world = new BuildWorld();
      world.engine.fault({ method, nth, error: new EngineRefusal(500, 'the engine is ill') });
      const outcome = await outcomeOf(world);
      expect(String(outcome)).toContain('the engine is ill');
      // No step reports the refusal as a defect of the program.
      expect(outcome instanceof Failure || outcome instanceof Failures).toBe(true);
      expect(world.left).toEqual(nothing);
    },
  );

  it.each(after.filter((call) => !isOfRecord(call)))(
    'leaves only the image if the refusal comes after the commit, and reports why: %s, call %i',
    async (method, nth) => {
      using world = new BuildWorld();
      world.engine.fault({ method, nth, error: new EngineRefusal(500, 'the engine is ill') });
      expect(String(await outcomeOf(world))).toContain('the engine is ill');
      expect(world.left).toEqual(oneImage);
    },
  );

  it.each(after.filter(isOfRecord))(
    'succeeds if only the build record is affected: %s, call %i',
    async (method, nth) => {
      using world = new BuildWorld();
      world.engine.fault({ method, nth, error: new EngineRefusal(500, 'the engine is ill') });
      expect(await outcomeOf(world)).toMatchObject({ image: { tags: ['mine:1'] } });
      expect(world.messages('warning')).toEqual(
        method === 'writeArchive' ? ['failed to write the record of the build: the engine is ill'] : [],
      );
      expect(world.left).toEqual(oneImage);
    },
  );

  it.each(before.filter(isStream))(
    'goes on if the refused call is a stream that can be continued: %s, call %i',
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

  it.each(before.filter(isRepeated))('repeats a call that is safe to repeat: %s, call %i', async (method, nth) => {
    using world = new BuildWorld();
    const ran = vi.fn<() => number>(() => 0);
    world.portage.emerge = ran;
    world.engine.fault({ method, nth, error: lost, afterEffect: true });
    expect(await outcomeOf(world)).toMatchObject({ image: { tags: ['mine:1'] } });
    expect(ran).toHaveBeenCalledTimes(1);
    expect(world.left).toEqual(oneImage);
  });

  it.each(before.filter((call) => !isRepeated(call) && call[0] !== 'commitContainer'))(
    'leaves no container and fails as engine-lost: %s, call %i',
    async (method, nth) => {
      using world = new BuildWorld();
      world.engine.fault({ method, nth, error: lost, afterEffect: true });
      expect(failuresOf(await outcomeOf(world))).toEqual([lost]);
      // If the engine's answer to the creation of the work volume is lost, only the next run can remove the volume.
      const isWorkspace = method === 'createVolume' && nth === 1;
      expect(world.left).toEqual(isWorkspace ? { ...nothing, workspaces: [expect.any(String)] } : nothing);
    },
  );

  it('commits once and finds the image by its name if the answer to the commit is lost', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'commitContainer', error: lost, afterEffect: true });
    const [id] = [...world.engine.imageNames.values()];
    expect(await outcomeOf(world)).toMatchObject({ image: { id: expect.not.stringMatching(String(id)) as string } });
    expect(world.calls('commitContainer')).toHaveLength(1);
    expect(world.left).toEqual(oneImage);
  });
});

describe('a build whose container somebody else stops or removes', () => {
  const started = before.findIndex(([method]) => method === 'execDetached');

  it.each(before.slice(started, -1).filter(([method]) => method !== 'inspectImage'))(
    'fails as container-lost, not as the failure of a package: %s, call %i',
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

  it('fails as container-lost if the container is stopped between two jobs', async () => {
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

  it('fails as container-lost if the container is stopped while emerge runs', async () => {
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

  /** Aborts a minute after a job began; returns the time from the abort to the end of the build. */
  const abortDuring = (world: BuildWorld, name: 'sync' | 'emerge', program: Program): (() => number) => {
    let elapsed = (): number => NaN;
    world.portage[name] = (running) => {
      elapsed = stopwatch();
      setTimeout(() => world.aborter.abort(interruption), 60_000);
      return program(running);
    };
    return () => elapsed();
  };

  it.each(before)('leaves nothing and throws the reason of the abort: %s, call %i', async (method, nth) => {
    using world = new BuildWorld();
    abortAt(world, [method, nth]);
    expect(await outcomeOf(world)).toBe(interruption);
    expect(world.left).toEqual(nothing);
    expect(world.engine.imageNames.has('mine:1')).toBe(false);
  });

  it.each(after)('succeeds if the abort comes after the commit: %s, call %i', async (method, nth) => {
    using world = new BuildWorld();
    abortAt(world, [method, nth]);
    expect(await outcomeOf(world)).toMatchObject({ image: { tags: ['mine:1'] } });
    expect(world.left).toEqual(oneImage);
  });

  it.each(['sync', 'emerge'] as const)('ends a running %s by SIGTERM to all its processes', async (name) => {
    using world = new BuildWorld();
    const elapsed = abortDuring(world, name, hang);
    expect(await outcomeOf(world)).toBe(interruption);
    expect(elapsed()).toBeLessThan(61_000);
    // After that, the tree is compared in another container.
    expect(world.portage.names.filter((one) => one !== 'changes').at(-1)).toBe('terminate');
    expect(world.left).toEqual(nothing);
  });

  it('ends a job that ignores SIGTERM after three seconds', async () => {
    using world = new BuildWorld();
    const elapsed = abortDuring(world, 'emerge', hangForGood);
    expect(await outcomeOf(world)).toBe(interruption);
    expect(elapsed()).toBeGreaterThanOrEqual(63_000);
    expect(elapsed()).toBeLessThan(64_000);
    // After that, the tree is compared in another container.
    expect(world.portage.names.filter((one) => one !== 'changes').at(-1)).toBe('terminate');
    expect(world.left).toEqual(nothing);
  });

  it('leaves no image if the answer to the commit is lost, too', async () => {
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

  it('keeps its stopped container and its work volume with --keep-failed, and tells how to enter and remove them', async () => {
    using world = new BuildWorld();
    world.portage.emerge = fail;
    expect(await outcomeOf(world, keep)).toBeInstanceOf(Failure);
    const [container] = world.engine.containers.values();
    const name = `gentoo-failed-${container?.id.slice(0, 12)}`;
    const [workspace] = world.left.workspaces;
    expect(world.left).toEqual({ containers: [name], workspaces: [expect.any(String)], images: [] });
    expect(container?.state).toBe('exited');
    expect(world.messages('note').at(-1)?.split('\n')).toEqual([
      'kept the container of the failed build. To start and enter it:',
      `  docker start ${name}`,
      `  docker exec -it ${name} /bin/bash`,
      'To remove it:',
      `  docker rm --force --volumes ${name}`,
      `  docker volume rm ${workspace}`,
    ]);
  });

  it.each([interruption, new Failure('terminated', 'terminated by a test')])(
    'removes its container in spite of --keep-failed if a signal ended the build: %o',
    async (reason) => {
      using world = new BuildWorld();
      world.portage.emerge = hang;
      setTimeout(() => world.aborter.abort(reason), 1000);
      expect(await outcomeOf(world, keep)).toBe(reason);
      expect(world.left).toEqual(nothing);
    },
  );

  it('keeps nothing with --keep-failed if it fails before the container exists', async () => {
    using world = new BuildWorld({ base: {} });
    expect(await outcomeOf(world, keep)).toMatchObject({ all: [{ code: 'base-unusable' }] });
    expect(world.left).toEqual(nothing);
  });

  it('reports the first failure even if the clean-up fails, and warns of the remaining container', async () => {
    using world = new BuildWorld();
    world.portage.emerge = (running) => {
      world.engine.fault({ method: 'removeContainer', error: new EngineRefusal(500, 'device or resource busy') });
      return fail(running);
    };
    expect(await outcomeOf(world)).toMatchObject({ message: expect.stringContaining('boom') as string });
    expect(world.events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        message: 'failed to remove the containers and the work volume of the build: device or resource busy',
        hint: `the next run removes them; to see the containers: docker ps --all --filter volume=${world.left.workspaces[0]}`,
      },
    ]);
  });

  it.each(['waitContainer', 'execExitCode', 'execDetached', 'inspectContainer'] as const)(
    'removes its container by force if the engine refuses to end its processes: %s',
    async (method) => {
      using world = new BuildWorld();
      world.portage.emerge = (running) => {
        world.engine.fault({ method, error: new EngineRefusal(500, 'no') });
        return fail(running);
      };
      await outcomeOf(world);
      expect(world.left).toEqual(nothing);
      const warnings = world.messages('warning').filter((text) => !text.startsWith('the tree is not compared'));
      expect(warnings).toEqual([]);
    },
  );
});
