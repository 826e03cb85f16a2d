import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Failure } from '../../../../src/failure.ts';
import type { OrderOf, WorkOrder } from '../../../../src/plan/work-order.ts';
import type { Event } from '../../../../src/report/event.ts';
import type { Workplace } from '../../../../src/zentoo/engines/workplace.ts';
import { spreadOrders } from '../../../../src/zentoo/engines/spread-orders.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../../support/fake-time.ts';
import { branch, commits, tupleOf } from '../../plan/sites.ts';

const tuple = tupleOf();
const packages = (changes: Partial<OrderOf<'packages'>> = {}): WorkOrder => ({
  ...{ kind: 'packages', tuple: tuple.name, buildmaster: 'master', dependencies: [], partition: 'p', inputs: '' },
  packages: [{ cpv: 'a/b-1', slot: '0', repository: '', root: '/' }],
  abilities: { observable: false, measuresSpace: false },
  ...changes,
});

/** The signs of life of an engine. */
class StandInEngine {
  heardAt = performance.now();
  answers = false;

  lastHeard(): number {
    return this.heardAt;
  }

  isAnswering(): Promise<boolean> {
    return Promise.resolve(this.answers);
  }
}

/** Engines of so many slots each; the site's own is the first one. `act` plays what becomes of an order on an engine. */
function openSpread(
  names: readonly string[],
  act: (engine: string) => Promise<void> | undefined,
  tuples = [tuple],
  memory: Readonly<Record<string, number>> = {},
  slots = 1,
) {
  const carried: string[] = [];
  const limits: number[] = [];
  const closed = new Set<string>();
  const engines = new Map(['', 'late', ...names].map((name) => [name, new StandInEngine()]));
  const events: Event[] = [];
  const aborter = new AbortController();
  const place = (name: string): Workplace => ({
    ...{
      name,
      architecture: 'x86_64',
      room: () => ({ slots, memory: memory[name] ?? 4, share: (memory[name] ?? 4) / slots, fixed: undefined }),
      isOpen: () => !closed.has(name),
      has: new Set(),
      engine: engines.get(name) ?? expect.fail(),
    },
    executor: {
      execute: async (_, given) => {
        carried.push(name);
        limits.push(given.memory ?? 0);
        await act(name);
        return { kind: 'packages', elog: [] };
      },
    },
  });
  const spreading = { site: { tuples }, signal: aborter.signal, needs: () => [] };
  const report = (event: Event): void => void events.push(event);
  const executor = spreadOrders([place(''), ...names.map(place)], { ...spreading, report });
  onTestFinished(() => executor[Symbol.asyncDispose]());
  const execute = (order: WorkOrder) => executor.execute(order, { concurrency: 4 });
  return {
    add: (name: string) => executor.add(place(name)),
    carried,
    closed,
    memory: limits,
    events,
    aborter,
    engines,
    execute,
    dispose: () => executor[Symbol.asyncDispose](),
  };
}

const lost = () => Promise.reject(new Failure('engine-lost', 'lost'));
/** Keeps the site's own engine busy until it is released. */
const busy = () => Promise.withResolvers<void>();

describe('orders on several engines', () => {
  beforeEach(fakeTime);
  afterEach(restoreTime);

  it.each([
    ['that was heard until its loss', 0, 20],
    ['that was silent for 15 s before its loss', 15_000, 5],
    ['that was silent for a minute before its loss', 60_000, 0],
  ])('are carried out elsewhere 20 s after the last sign of life of an engine %s', async (_, silence, seconds) => {
    const { promise, resolve } = busy();
    const spread = openSpread(['far', 'near'], (name) => (name === 'far' ? lost() : name === '' ? promise : undefined));
    vi.advanceTimersByTime(silence);
    const first = spread.execute(packages());
    const elapsed = stopwatch();
    await passTime(spread.execute(packages()));
    expect(spread.carried).toEqual(['', 'far', 'near']);
    expect(Math.round(elapsed() / 1000)).toBe(seconds);
    expect(spread.events).toMatchObject([
      {
        message: `the engine far was lost with a/b-1, which is compiled elsewhere ${seconds === 0 ? 'now' : `in ${seconds} s`}: lost`,
        hint: 'this build uses it again after it has answered for 30 s; the next build removes what is left there',
      },
    ]);
    await spread.execute(packages());
    expect(spread.carried).toEqual(['', 'far', 'near', 'near']);
    resolve();
    await first;
  });

  it('are carried out again on a lost engine that has answered for 30 s without a gap', async () => {
    const { promise, resolve } = busy();
    let isLost = true;
    const spread = openSpread(['far', 'near'], (name) =>
      name === '' ? promise : name === 'far' && isLost ? lost() : undefined,
    );
    const far = spread.engines.get('far') ?? expect.fail();
    const first = spread.execute(packages());
    await passTime(spread.execute(packages()));
    isLost = false;
    for (const answers of [true, false, true]) {
      far.answers = answers;
      await vi.advanceTimersByTimeAsync(25_000);
      await spread.execute(packages());
    }
    expect(spread.carried).toEqual(['', 'far', 'near', 'near', 'near', 'near']);
    await vi.advanceTimersByTimeAsync(10_000);
    await spread.execute(packages());
    expect(spread.carried.at(-1)).toBe('far');
    expect(spread.events.at(-1)).toEqual({ type: 'note', message: 'the engine far is back, and gets packages again' });
    expect(vi.getTimerCount()).toBe(0);
    resolve();
    await first;
  });

  it('wait for no engine after the end', async () => {
    const { promise, resolve } = busy();
    const spread = openSpread(['far', 'near'], (name) => (name === 'far' ? lost() : name === '' ? promise : undefined));
    const first = spread.execute(packages());
    await passTime(spread.execute(packages()));
    expect(vi.getTimerCount()).toBe(1);
    await passTime(Promise.resolve(spread.dispose()));
    expect(vi.getTimerCount()).toBe(0);
    resolve();
    await first;
  });

  it('that go on after the loss of their engine are waited for at the end, but not for ever', async () => {
    const { promise, resolve } = busy();
    const hanging = busy();
    const spread = openSpread(['far', 'near'], (name) =>
      name === '' ? promise : name === 'far' ? hanging.promise : undefined,
    );
    const first = spread.execute(packages());
    await passTime(spread.execute(packages()));
    expect(spread.carried).toEqual(['', 'far', 'near']);
    const elapsed = stopwatch();
    await passTime(Promise.resolve(spread.dispose()));
    expect(elapsed()).toBe(15_000);
    hanging.resolve();
    resolve();
    await first;
  });

  it('fail with node-lost after three engines were lost with them', async () => {
    const { promise, resolve } = busy();
    const spread = openSpread(['one', 'two', 'three', 'four'], (name) => (name === '' ? promise : lost()));
    const first = spread.execute(packages());
    await expect(passTime(spread.execute(packages()))).rejects.toMatchObject({
      code: 'node-lost',
      exitStatus: 61,
      message: 'failed to compile a/b-1: 3 engines were lost with it: one, two, three',
    });
    resolve();
    await first;
  });

  it('are not tried elsewhere if a package fails by itself', async () => {
    const { promise, resolve } = busy();
    const failure = new Failure('build-failed', 'failed to emerge a/b-1: compile');
    const spread = openSpread(['far', 'near'], (name) => (name === '' ? promise : Promise.reject(failure)));
    const first = spread.execute(packages());
    await expect(spread.execute(packages())).rejects.toBe(failure);
    expect(spread.carried).toEqual(['', 'far']);
    resolve();
    await first;
  });

  it('go at once to another engine if one cannot run their code', async () => {
    const { promise, resolve } = busy();
    const unfit = new Failure('cpu-unusable', 'failed to use the cpu: it lacks avx2');
    const spread = openSpread(['far', 'near'], (name) =>
      name === '' ? promise : name === 'far' ? Promise.reject(unfit) : undefined,
    );
    const first = spread.execute(packages());
    await spread.execute(packages());
    await spread.execute(packages());
    expect(spread.carried).toEqual(['', 'far', 'near', 'near']);
    expect(spread.events).toMatchObject([
      {
        type: 'warning',
        message: 'the engine far compiles nothing for the cpu x86-64: failed to use the cpu: it lacks avx2',
      },
    ]);
    resolve();
    await first;
  });

  it('go elsewhere if the store refuses the package that an engine made, with the reason', async () => {
    const { promise, resolve } = busy();
    const refused = new Failure(
      'package-refused',
      'failed to take the new package into the store: a/b-1: it is cut off',
    );
    const spread = openSpread(['far', 'near'], (name) =>
      name === '' ? promise : name === 'far' ? Promise.reject(refused) : undefined,
    );
    const first = spread.execute(packages());
    await spread.execute(packages());
    expect(spread.carried).toEqual(['', 'far', 'near']);
    expect(spread.events).toMatchObject([
      {
        message:
          'far made another package than a/b-1, which is compiled elsewhere: failed to take the new package into the store: a/b-1: it is cut off',
      },
    ]);
    resolve();
    await first;
  });

  const short = new Failure('out-of-memory', 'failed to emerge a/b-1: memory was short');
  const memory = { '': 2, large: 8 };

  it('that run out of memory go to an engine with more memory', async () => {
    const act = (name: string) => (name === 'large' ? undefined : Promise.reject(short));
    const spread = openSpread(['alike', 'large'], act, [tuple], { '': 4, alike: 4, large: 8 });
    await spread.execute(packages());
    expect(spread.carried).toEqual(['', 'large']);
  });

  it('that run out of memory there, too, fail with 36', async () => {
    const spread = openSpread(['large'], () => Promise.reject(short), [tuple], memory);
    await expect(passTime(spread.execute(packages()))).rejects.toMatchObject({ exitStatus: 36 });
    expect(spread.carried).toEqual(['', 'large']);
    expect(spread.events).toMatchObject([
      {
        type: 'warning',
        message: 'failed to emerge a/b-1: memory was short; a/b-1 is compiled once more with a larger memory limit',
      },
    ]);
  });

  it.each<[string, WorkOrder, string[], Readonly<Record<string, number>>]>([
    ['have no engine with more', packages(), ['alike'], { '': 4, alike: 4 }],
    ['may not go elsewhere', { kind: 'buildmaster', tuple: tuple.name, buildmaster: 'master' }, ['large'], memory],
  ])('that run out of memory and %s fail at once', async (_, order, names, memoryOf) => {
    const spread = openSpread(names, () => Promise.reject(short), [tuple], memoryOf);
    await expect(spread.execute(order)).rejects.toBe(short);
    expect(spread.carried).toEqual(['']);
  });

  it('that wait begin on an engine that takes part later', async () => {
    const { promise, resolve } = busy();
    const spread = openSpread([], (name) => (name === '' ? promise : undefined));
    const first = spread.execute(packages());
    const second = spread.execute(packages());
    await passTime(Promise.resolve());
    expect(spread.carried).toEqual(['']);
    spread.add('late');
    await second;
    expect(spread.carried).toEqual(['', 'late']);
    resolve();
    await first;
  });

  it('that run out of memory get a larger limit on their own engine, where no other order takes the memory before', async () => {
    const given: number[] = [];
    const others = [busy(), busy(), busy()];
    const spread = openSpread(
      [],
      () => {
        const index = given.push(spread.memory.at(-1) ?? 0) - 1;
        return index === 2 ? Promise.reject(short) : others[index]?.promise;
      },
      [tuple],
      { '': 12 },
      3,
    );
    const [first, second, large] = [0, 1, 2].map(() => spread.execute(packages()));
    await passTime(Promise.resolve());
    const later = spread.execute(packages());
    await passTime(Promise.resolve());
    // Two go on with 4 each. The other 4 would be enough for the last order, and the large one wants 8.
    expect(given).toEqual([4, 4, 4]);
    others[0]?.resolve();
    await passTime(Promise.resolve());
    expect(given).toEqual([4, 4, 4, 8, 4]);
    others[1]?.resolve();
    await Promise.all([first, second, large, later]);
  });

  it('that run out of memory do not wait for an engine that takes no work', async () => {
    const act = (name: string) => {
      if (name === 'large') spread.closed.add('larger');
      return Promise.reject(name === '' ? short : new Failure('node-unfit', 'unfit'));
    };
    const spread = openSpread(['large', 'larger'], act, [tuple], { '': 2, large: 8, larger: 4 });
    const end = spread.execute(packages());
    await expect(passTime(end)).rejects.toMatchObject({ code: 'node-unfit' });
    expect(spread.carried).toEqual(['', 'large']);
  });

  it('that only a lost engine has the memory for fail with their own failure', async () => {
    const spread = openSpread(['large'], (name) => (name === '' ? Promise.reject(short) : lost()), [tuple], memory);
    await expect(passTime(spread.execute(packages()))).rejects.toMatchObject({ code: 'engine-lost' });
    expect(spread.carried).toEqual(['', 'large']);
  });

  it.each<[string, WorkOrder, Partial<typeof tuple>]>([
    ['a buildmaster', { kind: 'buildmaster', tuple: tuple.name, buildmaster: 'master' }, {}],
    ['packages of a cross build', packages(), { cross: true }],
    ['packages of a native cpu', packages(), { cpu: { ...tuple.cpu, cflags: '-O2 -march=native' } }],
    [
      'packages of a tuple with the hook compile',
      packages(),
      { buildhooks: branch('plain', commits[0], { compile: '#!/bin/sh' }) },
    ],
  ])('that are %s wait for the site’s own engine', async (_, order, changes) => {
    const { promise, resolve } = busy();
    const spread = openSpread(['far'], (name) => (name === '' ? promise : undefined), [{ ...tuple, ...changes }]);
    const both = [spread.execute(order), spread.execute(order)];
    await passTime(Promise.resolve());
    expect(spread.carried).toEqual(['']);
    resolve();
    await Promise.all(both);
    expect(spread.carried).toEqual(['', '']);
  });

  it('that wait end with the reason of an interruption', async () => {
    const { promise, resolve } = busy();
    const spread = openSpread([], () => promise);
    const first = spread.execute(packages());
    const second = spread.execute(packages());
    const reason = new Failure('interrupted', 'interrupted');
    spread.aborter.abort(reason);
    await expect(second).rejects.toBe(reason);
    resolve();
    await first;
  });
});
