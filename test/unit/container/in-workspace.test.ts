import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inWorkspace } from '../../../src/container/in-workspace.ts';
import { removeWorkspace } from '../../../src/container/workspace.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure } from '../../../src/failure.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';
import { BuildWorld, interruption, nothing } from '../builder/build-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

type Break = (world: BuildWorld, container: string) => unknown;

/** Runs work that opens a session and then fails with `error`; resolves to the error that the caller gets. */
async function fail(world: BuildWorld, error: unknown, keepFailed = false, breakIt: Break = () => undefined) {
  const work = inWorkspace({ keepFailed }, world.context, async (workspace, own) => {
    const session = own(await world.session({}, workspace));
    await breakIt(world, session.id);
    throw error;
  });
  return passTime(work.catch((reason: unknown) => reason));
}

describe('work in a workspace', () => {
  it('has a new work volume each time, and returns its result', async () => {
    using world = new BuildWorld();
    const names = [1, 2].map(() =>
      inWorkspace({ keepFailed: false }, world.context, async (workspace) => {
        expect(world.left.workspaces).toContain(workspace.volume);
        await removeWorkspace(world.context, workspace.volume);
        return workspace.volume;
      }),
    );
    expect(new Set(await Promise.all(names)).size).toBe(2);
  });

  it('that fails leaves nothing, and the caller gets the failure', async () => {
    using world = new BuildWorld();
    const error = new Failure('build-failed', 'no');
    expect(await fail(world, error)).toBe(error);
    expect(world.left).toEqual(nothing);
  });

  it('that fails before there is a container leaves nothing, even if the container is to be kept', async () => {
    using world = new BuildWorld();
    const error = new TypeError('a defect');
    const work = inWorkspace({ keepFailed: true }, world.context, () => Promise.reject(error));
    await expect(passTime(work)).rejects.toBe(error);
    expect(world.left).toEqual(nothing);
  });

  it('keeps its container and its work volume if it is asked to', async () => {
    using world = new BuildWorld();
    await fail(world, new Failure('build-failed', 'no'), true);
    const [container] = world.left.containers;
    const [volume] = world.left.workspaces;
    expect(container).toMatch(/^gentoo-failed-[0-9a-f]{12}$/);
    expect(world.messages('note')[0]?.split('\n')).toEqual([
      'kept the container of the failed build. To start and enter it:',
      `  docker start ${container}`,
      `  docker exec -it ${container} /bin/bash`,
      'To remove it:',
      `  docker rm --force --volumes ${container}`,
      `  docker volume rm ${volume}`,
    ]);
  });

  it.each([interruption, new Failure('terminated', 'terminated')])(
    'keeps nothing after a signal: %o',
    async (error) => {
      using world = new BuildWorld();
      expect(await fail(world, error, true)).toBe(error);
      expect(world.left).toEqual(nothing);
    },
  );

  it.each([
    [404, 'absent'],
    [409, 'conflict'],
  ])('that the engine refuses (%i) because the container is gone fails as container-lost', async (status, kind) => {
    using world = new BuildWorld();
    const refusal = new EngineRefusal(status, 'no such container');
    expect(refusal.kind).toBe(kind);
    const removed = fail(world, refusal, false, (_world, id) => world.engine.removeContainer(id as never));
    expect(await removed).toMatchObject({
      code: 'container-lost',
      message: 'failed to build: the build container is gone: somebody removed it',
    });
  });

  it.each([404, 500])(
    'that the engine refuses (%i) while the container runs fails with the words of the engine',
    async (status) => {
      using world = new BuildWorld();
      expect(await fail(world, new EngineRefusal(status, 'ill'))).toMatchObject({
        code: 'engine-refused',
        message: 'failed to build: the engine says: ill',
      });
    },
  );

  it.each([
    ['engine-lost', 15],
    ['engine-unreachable', 15],
    ['build-failed', 120],
  ] as const)('case 1.10: after %s, waits at most %i s for an engine that does not answer', async (code, seconds) => {
    using world = new BuildWorld();
    const error = new Failure(code, 'no');
    const elapsed = stopwatch();
    const silent = () => world.engine.fault({ method: 'inspectContainer' });
    expect(await fail(world, error, false, silent)).toBe(error);
    expect(Math.round(elapsed() / 1000)).toBe(seconds);
    expect(world.messages('warning')).toEqual([
      `failed to remove the containers and the work volume of the build: the engine did not answer within ${seconds} s`,
    ]);
  });

  it.each([true, false])(
    'case 1.10: closes the standard input of the container, kept or not (%s)',
    async (keepFailed) => {
      using world = new BuildWorld();
      let id = '';
      const lost = (_: BuildWorld, container: string) => {
        id = container;
        world.engine.fault({ method: 'inspectContainer', error: new Failure('engine-lost', 'lost') });
        world.engine.fault({ method: 'renameContainer', error: new Failure('engine-lost', 'lost') });
        world.engine.fault({ method: 'containersWithVolume', error: new Failure('engine-lost', 'lost') });
      };
      await fail(world, new Failure('engine-lost', 'no'), keepFailed, lost);
      expect(world.engine.container(id)).toMatchObject({ held: false, state: 'exited' });
    },
  );

  it('warns if it cannot clean up, and the caller gets the first failure', async () => {
    using world = new BuildWorld();
    const error = new Failure('build-failed', 'no');
    const busy = () => world.engine.fault({ method: 'removeContainer', error: new EngineRefusal(500, 'busy') });
    expect(await fail(world, error, false, busy)).toBe(error);
    expect(world.events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        message: 'failed to remove the containers and the work volume of the build: busy',
        hint: `the next run removes them; to see the containers: docker ps --all --filter volume=${world.left.workspaces[0]}`,
      },
    ]);
  });
});
