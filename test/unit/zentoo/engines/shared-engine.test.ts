import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ImageId } from '../../../../src/engine/identifiers.ts';
import type { OrderOf } from '../../../../src/plan/work-order.ts';
import type { Event } from '../../../../src/report/event.ts';
import { EngineSlots } from '../../../../src/zentoo/engines/engine-slots.ts';
import type { Workplace } from '../../../../src/zentoo/engines/workplace.ts';
import { spreadOrders } from '../../../../src/zentoo/engines/spread-orders.ts';
import { FakeEngine } from '../../../support/fake-engine/fake-engine.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../../support/fake-time.ts';
import { tupleOf } from '../../plan/sites.ts';

const tuple = tupleOf();
const order: OrderOf<'packages'> = {
  ...{ kind: 'packages', tuple: tuple.name, buildmaster: 'master', dependencies: [], partition: 'p', inputs: '' },
  packages: [{ cpv: 'a/b-1', slot: '0', repository: '', root: '/' }],
  abilities: { observable: false, measuresSpace: false },
};

/** The milliseconds that an order takes. */
const orderMs = 60_000;

/** Room for so many containers of 4 bytes. */
const roomOf = (slots: number) => () => ({ slots, memory: 4 * slots, share: 4, fixed: undefined });

/** An engine with so many slots on which several builds carry out orders. */
class SharedEngine {
  readonly engine = new FakeEngine();
  readonly image: ImageId = this.engine.addImage('master').id;
  readonly slots: number;
  running = 0;
  most = 0;

  constructor(slots: number) {
    this.slots = slots;
  }

  /** A build with no other engine that carries out packages. `begun` gets the milliseconds until each order begins. */
  open(begun: number[], events: Event[] = [], change: (slots: EngineSlots) => void = () => undefined) {
    const elapsed = stopwatch();
    const slots = new EngineSlots(this.engine, () => this.slots);
    change(slots);
    const near: Workplace = {
      ...{ name: '', architecture: 'x86_64', room: roomOf(0), has: new Set(), engine: new FakeEngine() },
      executor: { execute: () => Promise.reject(new Error('the engine has no slots')) },
    };
    const far: Workplace = {
      ...{ name: 'far', architecture: 'x86_64', room: roomOf(this.slots), has: new Set(), engine: this.engine },
      sharing: { slots, bringImage: () => Promise.resolve(this.image) },
      executor: { execute: () => this.#carryOut(() => begun.push(elapsed())) },
    };
    const signal = new AbortController().signal;
    const report = (event: Event): void => void events.push(event);
    return spreadOrders([near, far], { site: { tuples: [tuple] }, signal, report, needs: () => [] });
  }

  async #carryOut(begin: () => void) {
    begin();
    this.most = Math.max(this.most, ++this.running);
    await delay(orderMs);
    this.running--;
    return { kind: 'packages', elog: [] } as const;
  }
}

describe('an engine that two builds share', () => {
  beforeEach(fakeTime);
  afterEach(restoreTime);

  it.each([1, 2, 3, 5])('gives each its first of %i slots within two orders, and none twice', async (slots) => {
    const shared = new SharedEngine(slots);
    const twelve = (begun: number[]) => {
      const build = shared.open(begun);
      onTestFinished(async () => await build[Symbol.asyncDispose]());
      return Promise.all(Array.from({ length: 12 }, () => build.execute(order, { concurrency: 4 })));
    };
    const [first, second]: [number[], number[]] = [[], []];
    const builds = [twelve(first)];
    await vi.advanceTimersByTimeAsync(orderMs / 2);
    builds.push(twelve(second));
    await passTime(Promise.all(builds));
    for (const begun of [first, second]) {
      expect(begun).toHaveLength(12);
      expect(begun[0]).toBeLessThanOrEqual(2 * orderMs);
    }
    expect(shared.most).toBe(slots);
  });

  it('keeps a slot for the next order, and leaves nothing behind', async () => {
    const shared = new SharedEngine(1);
    const events: Event[] = [];
    const build = shared.open([], events);
    await passTime(Promise.all([build.execute(order, { concurrency: 1 }), build.execute(order, { concurrency: 1 })]));
    await build[Symbol.asyncDispose]();
    expect(shared.engine.calls.filter(({ method }) => method === 'createContainer')).toHaveLength(1);
    expect([shared.engine.containers.size, vi.getTimerCount(), events]).toEqual([0, 0, []]);
  });

  it('does not take its own slot for one of another build while the engine removes it', async () => {
    const shared = new SharedEngine(1);
    const events: Event[] = [];
    const build = shared.open([], events, (slots) => {
      const [take, release] = [slots.take.bind(slots), slots.release.bind(slots)];
      let isReleasing = false;
      slots.take = (image) => (isReleasing ? Promise.resolve(undefined) : take(image));
      slots.release = async (slot) => {
        isReleasing = true;
        await release(slot);
        await delay(2000);
        isReleasing = false;
      };
    });
    await passTime(build.execute(order, { concurrency: 1 }).then(() => build.execute(order, { concurrency: 1 })));
    await passTime(Promise.resolve(build[Symbol.asyncDispose]()));
    expect(events).toEqual([]);
  });

  it('is waited for by a build that ends meanwhile', async () => {
    const shared = new SharedEngine(1);
    const other = new EngineSlots(shared.engine, () => 1);
    const held = (await other.take(shared.image)) ?? expect.fail();
    const events: Event[] = [];
    const begun: number[] = [];
    const build = shared.open(begun, events);
    const working = build.execute(order, { concurrency: 1 });
    await vi.advanceTimersByTimeAsync(3 * orderMs);
    expect(begun).toEqual([]);
    expect(events).toEqual([
      { type: 'note', message: 'other builds use the slot of the engine far; waiting for one there' },
    ]);
    await other.release(held);
    await passTime(working);
    await build[Symbol.asyncDispose]();
    expect([begun.length, shared.engine.containers.size, vi.getTimerCount()]).toEqual([1, 0, 0]);
  });
});
