import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ImageId } from '../../../../src/engine/identifiers.ts';
import { EngineSlots } from '../../../../src/zentoo/engines/engine-slots.ts';
import { FakeEngine } from '../../../support/fake-engine/fake-engine.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../../support/fake-time.ts';

const unsignalled = new AbortController().signal;

/** An engine that several builds share. */
function openEngine(slots: number) {
  const engine = new FakeEngine();
  const image: ImageId = engine.addImage('master').id;
  const build = () => new EngineSlots(engine, () => slots);
  const names = () => [...engine.containers.values()].map(({ name }) => name).toSorted();
  return { engine, image, build, names };
}

describe('the slots of an engine', () => {
  beforeEach(fakeTime);
  afterEach(restoreTime);

  it('are containers with a name each, so that no two builds get the same one', async () => {
    const { image, build, names } = openEngine(3);
    const builds = [build(), build()];
    const taken = await Promise.all(builds.flatMap((each) => [each.take(image), each.take(image)]));
    expect(taken.filter((slot) => slot !== undefined)).toHaveLength(3);
    expect(names()).toEqual(['zentoo-slot-1', 'zentoo-slot-2', 'zentoo-slot-3']);
  });

  it('are free when they are given back, and when the build is gone that held them', async () => {
    const { engine, image, build, names } = openEngine(1);
    const [one, other] = [build(), build()];
    const slot = (await one.take(image)) ?? expect.fail();
    expect(await other.take(image)).toBeUndefined();
    await one.release(slot);
    expect(names()).toEqual([]);
    const second = (await other.take(image)) ?? expect.fail();
    expect(second.isHeld()).toBe(true);
    // The engine ends the container when nobody holds its standard input.
    engine.stopContainer(engine.container('zentoo-slot-1'), 0);
    await vi.advanceTimersByTimeAsync(0);
    expect([second.isHeld(), names()]).toEqual([false, []]);
    expect(await one.take(image)).toBeDefined();
  });

  it('go first to a build that has none, which waits: one that has some leaves the next free one to it', async () => {
    const { image, build, names } = openEngine(2);
    const [rich, poor] = [build(), build()];
    const [first] = [(await rich.take(image)) ?? expect.fail(), await rich.take(image)];
    const waiting = poor.await(image, unsignalled);
    await vi.advanceTimersByTimeAsync(2000);
    expect(names()).toEqual(['zentoo-slot-1', 'zentoo-slot-2', 'zentoo-slot-next']);
    await rich.release(first);
    expect(await rich.take(image)).toBeUndefined();
    const elapsed = stopwatch();
    await passTime(waiting);
    expect(elapsed()).toBeLessThanOrEqual(500);
    expect(names()).toEqual(['zentoo-slot-1', 'zentoo-slot-2']);
  });

  it('are waited for by a build that has some without a place in the queue', async () => {
    const { image, build, names } = openEngine(2);
    const [one, other] = [build(), build()];
    const [, theirs] = [await one.take(image), (await other.take(image)) ?? expect.fail()];
    const waiting = one.await(image, unsignalled);
    await vi.advanceTimersByTimeAsync(2000);
    expect(names()).toEqual(['zentoo-slot-1', 'zentoo-slot-2']);
    await other.release(theirs);
    expect((await passTime(waiting)).isHeld()).toBe(true);
  });

  it('are not waited for any more after an interruption, and the queue is left', async () => {
    const { image, build, names } = openEngine(1);
    await build().take(image);
    const aborter = new AbortController();
    const waiting = build().await(image, aborter.signal);
    const ended = expect(waiting).rejects.toThrow('interrupted');
    await vi.advanceTimersByTimeAsync(2000);
    aborter.abort(new Error('interrupted'));
    await ended;
    await vi.advanceTimersByTimeAsync(0);
    expect(names()).toEqual(['zentoo-slot-1']);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('do not stay taken by a container that was created and never started', async () => {
    const { engine, image, build } = openEngine(1);
    const spec = { image, command: ['cat'], mounts: [], labels: { 'zentoo.slot': '' } };
    await engine.createContainer('zentoo-slot-1', spec);
    const slots = build();
    const elapsed = stopwatch();
    await passTime(slots.await(image, unsignalled));
    expect(elapsed()).toBeGreaterThanOrEqual(15_000);
  });

  it('are never taken from a container of somebody else', async () => {
    const { engine, image, build, names } = openEngine(1);
    await engine.createContainer('zentoo-slot-1', { image, command: ['cat'], mounts: [] });
    const slots = build();
    expect(await slots.take(image)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await slots.take(image)).toBeUndefined();
    expect(names()).toEqual(['zentoo-slot-1']);
  });
});
