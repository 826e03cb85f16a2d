import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatOwner, type Owner } from '../../../../src/ownership/owner.ts';
import { ownerLabel } from '../../../../src/container/workspace.ts';
import type { ContainerSpec } from '../../../../src/engine/containers.ts';
import type { ContainerId } from '../../../../src/engine/identifiers.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { Failure } from '../../../../src/failure.ts';
import type { Event } from '../../../../src/report/event.ts';
import { createLease } from '../../../../src/zentoo/run/lease-container.ts';
import { LeaseHeartbeats } from '../../../../src/zentoo/run/lease-heartbeat.ts';
import { removeLostLease, withSiteLease, type SiteLease } from '../../../../src/zentoo/run/site-lease.ts';
import { stateOf } from '../../../../src/zentoo/run/site-state.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../../support/fake-time.ts';
import { interruption, nothing } from '../../builder/build-world.ts';
import { SiteWorld } from '../site-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const name = 'zentoo-net-state-lease';
const gone: Owner = { kind: 'container', id: 'dead'.repeat(16) as ContainerId, startedAt: 'monday' };
const elsewhere: Owner = {
  ...{ kind: 'process', machine: 'another', boot: 'b', pidNamespace: 'pid:[1]', pid: 7, startTime: '100' },
};

/** A lease that another build holds. */
async function leaseOf(world: SiteWorld, owner: Owner) {
  const state = stateOf(world.run());
  const lease = { owner, token: 'the token of another build' };
  const id = (await createLease(state, lease)) ?? expect.fail();
  return { id, state, lease, release: () => world.engine.removeContainer(id) };
}

function after(seconds: number, act: () => void): void {
  setTimeout(act, seconds * 1000);
}

function eventsOf<Type extends Event['type']>(world: SiteWorld, type: Type): readonly Event[] {
  return world.events.filter((event) => event.type === type);
}

describe('case 1.5: the lease of a site', () => {
  it('is a container that is never started, and is removed after the work', async () => {
    using world = new SiteWorld();
    const held = await withSiteLease(world.run(), ({ hasWaited }) => {
      expect(world.engine.container(name).state).toBe('created');
      return Promise.resolve(hasWaited);
    });
    expect(held).toBe(false);
    expect(world.left).toEqual(nothing);
    expect(world.events).toEqual([]);
  });

  it('is removed after work that fails', async () => {
    using world = new SiteWorld();
    await expect(withSiteLease(world.run(), () => Promise.reject(interruption))).rejects.toBe(interruption);
    expect(world.left).toEqual(nothing);
  });

  it('is held by one build at a time, also if four builds begin at once', async () => {
    using world = new SiteWorld();
    let atWork = 0;
    const work = async ({ hasWaited }: SiteLease): Promise<boolean> => {
      expect(++atWork).toBe(1);
      await new Promise<void>((resolve) => after(60, resolve));
      atWork -= 1;
      return hasWaited;
    };
    const builds = [1, 2, 3, 4].map(() => withSiteLease(world.run(), work));
    expect(await passTime(Promise.all(builds))).toEqual([false, true, true, true]);
    expect(world.left).toEqual(nothing);
  });

  it('is awaited, and the note says so; the step names its holder and the beginning', async () => {
    using world = new SiteWorld();
    const { release } = await leaseOf(world, elsewhere);
    const began = `${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC`;
    after(30, () => void release());
    const elapsed = stopwatch();
    expect(await passTime(withSiteLease(world.run(), ({ hasWaited }) => Promise.resolve(hasWaited)))).toBe(true);
    expect(elapsed()).toBeGreaterThanOrEqual(30_000);
    expect(world.messages('note')).toEqual([
      'another build of the site net is under way: this build waits for it, and then builds what is left',
    ]);
    expect(eventsOf(world, 'step-started')).toMatchObject([
      { step: 'wait', task: 'net', detail: `for the build that process 7 began at ${began}` },
    ]);
    expect(eventsOf(world, 'step-finished')).toMatchObject([{ step: 'wait', task: 'net' }]);
  });

  it('shows the progress of its holder to the builds that wait', async () => {
    using world = new SiteWorld();
    const steps = [
      { done: 1, total: 9, failed: 0, atWork: 2, remaining: undefined },
      { done: 4, total: 9, failed: 1, atWork: 2, remaining: 77.5 },
    ];
    const first = withSiteLease(world.run(), async ({ showProgress }) => {
      for (const step of steps) {
        showProgress(step);
        await new Promise<void>((resolve) => after(25, resolve));
      }
    });
    await passTime(Promise.all([first, withSiteLease(world.run(), () => Promise.resolve())]));
    expect(eventsOf(world, 'schedule')).toEqual([
      { type: 'schedule', done: 1, total: 9, failed: 0, atWork: 2 },
      { type: 'schedule', done: 4, total: 9, failed: 1, atWork: 2, remaining: 77.5 },
    ]);
  });

  it('is taken over at once if its holder is gone', async () => {
    using world = new SiteWorld();
    await leaseOf(world, gone);
    const elapsed = stopwatch();
    await passTime(withSiteLease(world.run(), () => Promise.resolve()));
    expect(elapsed()).toBe(0);
    expect(world.messages('note')).toEqual([
      'took over the lease of the site net from the container deaddeaddead, which is gone',
    ]);
    expect(world.left).toEqual(nothing);
  });

  it('is taken over by one of two builds if its holder dies while both wait', async () => {
    using world = new SiteWorld();
    const builder = await world.startSelf();
    world.self = undefined;
    await leaseOf(world, { kind: 'container', id: builder.id, startedAt: builder.startedAt });
    after(60, () => world.engine.stopContainer(builder, 137));
    let atWork = 0;
    const work = async (): Promise<void> => {
      expect(++atWork).toBe(1);
      await new Promise<void>((resolve) => after(10, resolve));
      atWork -= 1;
    };
    await passTime(Promise.all([withSiteLease(world.run(), work), withSiteLease(world.run(), work)]));
    expect(world.left.containers).toEqual(['builder']);
    const notes = world.messages('note').filter((note) => note.startsWith('took over'));
    expect(notes).toEqual([
      `took over the lease of the site net from the container ${builder.id.slice(0, 12)}, which is gone`,
    ]);
  });

  it('is taken over from another machine after five minutes without a heartbeat', async () => {
    using world = new SiteWorld();
    await leaseOf(world, elsewhere);
    const elapsed = stopwatch();
    await passTime(withSiteLease(world.run(), () => Promise.resolve()));
    expect(elapsed()).toBeGreaterThanOrEqual(300_000);
    expect(world.messages('note').at(-1)).toBe(
      'took over the lease of the site net from process 7, which has been silent for five minutes',
    );
  });

  it('stays with a holder on another machine as long as its heart beats', async () => {
    using world = new SiteWorld();
    const { id, state, lease, release } = await leaseOf(world, elsewhere);
    const heartbeats = new LeaseHeartbeats(state, lease, id);
    heartbeats.start();
    after(1800, () => void heartbeats.stop().then(release));
    const elapsed = stopwatch();
    await passTime(withSiteLease(world.run(), () => Promise.resolve()));
    expect(elapsed()).toBeGreaterThanOrEqual(1_800_000);
    expect(world.messages('note')).toHaveLength(1);
  });

  it('stays with a holder that is alive and silent, and a warning says how to go on', async () => {
    using world = new SiteWorld();
    const builder = await world.startSelf();
    world.self = undefined;
    const owner = { kind: 'container', id: builder.id, startedAt: builder.startedAt } as const;
    const { release } = await leaseOf(world, owner);
    after(1800, () => void release());
    await passTime(withSiteLease(world.run(), () => Promise.resolve()));
    const holder = `the container ${builder.id.slice(0, 12)}`;
    expect(world.events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        message: `${holder} holds the lease of the site, but its zentoo has given no sign for five minutes`,
        hint: `if that zentoo has ended, remove its lease, and this build goes on: docker rm ${name}`,
      },
    ]);
  });

  it('stays with its holder if the build that waits is interrupted', async () => {
    using world = new SiteWorld();
    await leaseOf(world, elsewhere);
    after(30, () => world.aborter.abort(interruption));
    await expect(passTime(withSiteLease(world.run(), () => Promise.resolve()))).rejects.toBe(interruption);
    expect(world.left.containers).toEqual([name]);
  });

  it('is taken again by its holder if somebody removes its container', async () => {
    using world = new SiteWorld();
    const first = withSiteLease(world.run(), async () => {
      await world.engine.removeContainer(world.engine.container(name).id);
      await new Promise<void>((resolve) => after(15, resolve));
      expect(world.engine.container(name).state).toBe('created');
    });
    await passTime(first);
    expect(world.left).toEqual(nothing);
    expect(world.events).toEqual([]);
  });

  it('is left to the build that took it when somebody removed its container, with a warning', async () => {
    using world = new SiteWorld();
    const first = withSiteLease(world.run(), async () => {
      await world.engine.removeContainer(world.engine.container(name).id);
      await leaseOf(world, elsewhere);
      await new Promise<void>((resolve) => after(35, resolve));
    });
    await passTime(first);
    expect(world.messages('warning')).toEqual(['another build took the lease of the site while this build works']);
    expect(world.left.containers).toEqual([name]);
  });

  it('is found again if the answer to its creation is lost', async () => {
    using world = new SiteWorld();
    world.engine.fault({ method: 'createContainer', error: new EngineRefusal(500, 'lost'), afterEffect: true });
    expect(await withSiteLease(world.run(), ({ hasWaited }) => Promise.resolve(hasWaited))).toBe(false);
    expect(world.left).toEqual(nothing);
  });

  it('is removed by a second request if the engine refuses the first, and reported if it refuses both', async () => {
    using world = new SiteWorld();
    const error = new EngineRefusal(500, 'device or resource busy');
    world.engine.fault({ method: 'removeContainer', nth: 1, error });
    await withSiteLease(world.run(), () => Promise.resolve());
    expect(world.left).toEqual(nothing);
    world.engine.fault({ method: 'removeContainer', nth: 1, error });
    world.engine.fault({ method: 'removeContainer', nth: 2, error });
    await withSiteLease(world.run(), () => Promise.resolve());
    expect(world.messages('warning')).toEqual([
      `failed to remove the container ${name}, which is the site's lease: device or resource busy`,
    ]);
  });

  it('is reported if the engine is lost before it is removed, and the failure of the work stays the failure', async () => {
    using world = new SiteWorld();
    const failure = new Failure('build-failed', 'failed to emerge app-misc/motto: the compile phase failed');
    const lost = new Failure('engine-lost', 'failed to remove the container: lost the Docker engine');
    for (const nth of [1, 2]) world.engine.fault({ method: 'removeContainer', nth, error: lost });
    await expect(withSiteLease(world.run(), () => Promise.reject(failure))).rejects.toBe(failure);
    expect(world.messages('warning')).toEqual([
      `failed to remove the container ${name}, which is the site's lease: ${lost.message}`,
    ]);
  });

  it('is removed if its holder is gone, also by a build that has nothing to do', async () => {
    using world = new SiteWorld();
    await removeLostLease(world.run());
    expect(world.events).toEqual([]);
    await leaseOf(world, gone);
    await removeLostLease(world.run());
    expect(world.messages('note')).toEqual([
      'removed the lease of the site net, which the container deaddeaddead left',
    ]);
    expect(world.left).toEqual(nothing);
  });

  it('stays with a holder that may be at work, and a container that is no lease stays, if a build has nothing to do', async () => {
    using world = new SiteWorld();
    const { release } = await leaseOf(world, elsewhere);
    await removeLostLease(world.run());
    expect(world.left.containers).toEqual([name]);
    await release();
    await world.engine.createContainer(name, { image: world.stage.id, command: ['x'], mounts: [] });
    await removeLostLease(world.run());
    expect(world.left.containers).toEqual([name]);
    expect(world.events).toEqual([]);
  });

  const mount = { type: 'volume', source: 'zentoo-net-state', target: '/mnt/state' } as const;
  const lease = JSON.stringify({ format: 1, token: '', since: '2026-01-02T03:04:05.000Z' });
  const labels = { [ownerLabel]: formatOwner(gone), 'zentoo.lease': lease };
  it.each<readonly [string, Partial<ContainerSpec>, started: boolean]>([
    ['has no labels', { mounts: [mount] }, false],
    ['mounts another volume', { mounts: [{ ...mount, source: 'precious' }], labels }, false],
    ['runs', { mounts: [mount], labels }, true],
    [
      'mounts a directory of the host, too',
      { mounts: [mount, { type: 'bind', source: '/precious', target: '/p' }], labels },
      false,
    ],
    ['has a newer format', { mounts: [mount], labels: { ...labels, 'zentoo.lease': lease.replace('1', '2') } }, false],
    [
      'has no time of its beginning',
      { mounts: [mount], labels: { ...labels, 'zentoo.lease': lease.replace('.000Z', '+05') } },
      false,
    ],
    ['has a damaged owner', { mounts: [mount], labels: { ...labels, [ownerLabel]: '{' } }, false],
  ])('is not taken from a container with its name that %s', async (_what, spec, started) => {
    using world = new SiteWorld();
    const id = await world.engine.createContainer(name, {
      image: 'gentoo-ministage',
      command: [],
      mounts: [],
      ...spec,
    });
    if (started) await world.engine.startContainer(id);
    await expect(withSiteLease(world.run(), () => Promise.resolve())).rejects.toMatchObject({
      code: 'site-taken',
      message: expect.stringContaining(name) as string,
    });
    expect(world.engine.containers.has(id)).toBe(true);
  });
});
