import { describe, expect, it, vi } from 'vitest';
import type { Concurrency, WorkNode } from '../../../src/schedule/executor.ts';
import { runSchedule, type ScheduleState } from '../../../src/schedule/schedule.ts';
import { VirtualTime } from './virtual-time.ts';

/** What the executor of these tests carries out: it takes this many seconds. */
interface Order {
  readonly id: string;
  readonly seconds: number;
}

const node = (id: string, needs: readonly string[] = [], estimate: number | undefined = 1): WorkNode<Order> => ({
  ...{ id, needs, estimate, order: { id, seconds: estimate ?? 1 } },
});

/** Runs a graph in virtual time. */
async function work(
  nodes: readonly WorkNode<Order>[],
  jobs: number,
  parts: {
    readonly fails?: readonly string[];
    readonly expand?: (id: string) => readonly WorkNode<Order>[];
    readonly signal?: AbortSignal;
    readonly onBegin?: (id: string) => void;
  } = {},
) {
  const time = new VirtualTime();
  const begun: string[] = [];
  const concurrencies: number[] = [];
  const states: ScheduleState[] = [];
  let [atWork, most] = [0, 0];
  const executor = {
    async execute({ id, seconds }: Order, { concurrency }: Concurrency) {
      begun.push(id);
      concurrencies.push(concurrency);
      parts.onBegin?.(id);
      most = Math.max(most, ++atWork);
      await time.pass(seconds * 1000);
      atWork--;
      if (parts.fails?.includes(id) === true) throw new Error(`${id} failed`);
      return id;
    },
  };
  const expand = ({ id }: Order) => parts.expand?.(id) ?? [];
  const options = { jobs, executor, expand, signal: parts.signal ?? new AbortController().signal, now: () => time.now };
  const { outcomes, nodes: all } = await time.run(
    runSchedule(nodes, { ...options, onChange: (state) => void states.push(state) }),
  );
  return { outcomes, all, begun, concurrencies, states, most, seconds: time.now / 1000 };
}

const typesOf = (outcomes: ReadonlyMap<string, { readonly type: string }>) =>
  Object.fromEntries([...outcomes].map(([id, { type }]) => [id, type]));

describe('the schedule', () => {
  it('case 5.5: names all nodes that a skipped node waited for in vain, also those that failed later', async () => {
    const nodes = [node('a', [], 1), node('b', [], 30), node('c', ['a', 'b']), node('d', ['c'])];
    const { outcomes } = await work(nodes, 2, { fails: ['a', 'b'] });
    expect(outcomes.get('c')).toEqual({ type: 'skipped', because: ['a', 'b'] });
    expect(outcomes.get('d')).toEqual({ type: 'skipped', because: ['a', 'b'] });
  });

  it('starts no node before its needs, and at most `jobs` nodes at once', async () => {
    const nodes = [node('d', ['b', 'c']), node('b', ['a']), node('c', ['a']), node('a'), node('e'), node('f')];
    const { begun, most, seconds } = await work(nodes, 2);
    expect(begun.indexOf('b')).toBeGreaterThan(begun.indexOf('a'));
    expect(begun.indexOf('d')).toBeGreaterThan(Math.max(begun.indexOf('b'), begun.indexOf('c')));
    expect(most).toBe(2);
    expect(seconds).toBe(3);
  });

  it('hands each ready node at once to an executor that queues them, and counts those at work', async () => {
    const begin: (() => void)[] = [];
    const end: (() => void)[] = [];
    const states: ScheduleState[] = [];
    const executor = {
      async execute({ id }: Order, { atWork }: Concurrency) {
        begin.push(() => atWork?.(true));
        await new Promise<void>((resolve) => end.push(resolve));
        return id;
      },
    };
    const time = new VirtualTime();
    const { signal } = new AbortController();
    const nodes = [node('a', [], 5), node('b', [], 3), node('c', [], 1), node('d', ['a'], 1)];
    const onChange = (state: ScheduleState) => void states.push(state);
    const run = runSchedule(nodes, { jobs: 1, executor, queues: true, signal, onChange, now: () => time.now });
    expect(begin).toHaveLength(3);
    begin[0]?.();
    end[0]?.();
    await vi.waitUntil(() => begin.length === 4);
    begin[3]?.();
    begin[1]?.();
    end[1]?.();
    await vi.waitUntil(() => states.length === 3);
    for (const one of end) one();
    await run;
    expect(states.slice(0, 3).map(({ done, atWork }) => [done, atWork])).toEqual([
      [0, 0],
      [1, 0],
      [2, 1],
    ]);
  });

  it('starts the node with the longest critical path first, not the longest node', async () => {
    const nodes = [node('long', [], 5), node('first', [], 1), node('then', ['first'], 9), node('short', [], 1)];
    expect((await work(nodes, 1)).begun).toEqual(['first', 'then', 'long', 'short']);
  });

  it('starts nodes that expand the graph first, and runs the added nodes', async () => {
    const more = [node('x', [], 2), node('y', ['x'], 2)];
    const { begun, outcomes } = await work([node('long', [], 50), { ...node('ask', [], 1), expandsGraph: true }], 1, {
      expand: (id) => (id === 'ask' ? more : []),
    });
    expect(begun).toEqual(['ask', 'long', 'x', 'y']);
    expect(typesOf(outcomes)).toEqual({ long: 'done', ask: 'done', x: 'done', y: 'done' });
  });

  it('runs a node once that two answers add', async () => {
    const shared = node('shared');
    const nodes = [node('one'), node('two', ['one'])];
    const { begun } = await work(nodes, 1, { expand: () => [shared] });
    expect(begun.toSorted()).toEqual(['one', 'shared', 'two']);
  });

  it('skips the nodes that need a failed node, runs the others, and tries no node twice', async () => {
    const nodes = [node('a'), node('b', ['a']), node('c', ['b', 'ok']), node('ok'), node('also', ['ok'])];
    const { outcomes, begun } = await work(nodes, 1, { fails: ['a'] });
    expect(typesOf(outcomes)).toEqual({ a: 'failed', b: 'skipped', c: 'skipped', ok: 'done', also: 'done' });
    expect(outcomes.get('c')).toEqual({ type: 'skipped', because: ['a'] });
    expect(begun.toSorted()).toEqual(['a', 'also', 'ok']);
  });

  it('skips an added node that needs a node that has already failed', async () => {
    const nodes = [node('a'), { ...node('ask', [], 5), expandsGraph: true }];
    const { outcomes } = await work(nodes, 2, { fails: ['a'], expand: () => [node('b', ['a']), node('c')] });
    expect(typesOf(outcomes)).toEqual({ a: 'failed', ask: 'done', b: 'skipped', c: 'done' });
  });

  it('tells each node how many nodes run at once, so that they can share the machine', async () => {
    const nodes = [node('a'), node('b'), node('c'), node('last', ['a', 'b', 'c'])];
    expect((await work(nodes, 2)).concurrencies).toEqual([2, 2, 2, 1]);
    expect((await work(nodes, 8)).concurrencies).toEqual([3, 3, 3, 1]);
  });

  it('if it is aborted, starts no further node, waits for the running nodes, and throws the reason', async () => {
    const controller = new AbortController();
    const begun: string[] = [];
    const run = work([node('a', [], 5), node('b', ['a']), node('c', [], 1), node('d', ['c'])], 2, {
      signal: controller.signal,
      onBegin: (id) => {
        begun.push(id);
        if (id === 'd') controller.abort(new Error('interrupted'));
      },
    });
    await expect(run).rejects.toThrow('interrupted');
    expect(begun).toEqual(['a', 'c', 'd']);
  });

  it('reports its progress and the remaining time', async () => {
    const { states } = await work([node('a', [], 10), node('b', ['a'], 20), node('c', [], 4)], 2);
    expect(states[0]).toEqual({ total: 3, done: 0, failed: 0, atWork: 2, remaining: 30 });
    expect(states[1]).toMatchObject({ done: 1, atWork: 1, remaining: 26 });
    expect(states.at(-1)).toEqual({ total: 3, done: 3, failed: 0, atWork: 0, remaining: 0 });
  });

  it('reports no remaining time if it is unknown', async () => {
    const { states } = await work([{ ...node('a'), estimate: undefined }], 1);
    expect(states[0]?.remaining).toBeUndefined();
    const { states: unfolding } = await work([{ ...node('a'), expandsGraph: true }, node('b')], 1);
    expect(unfolding[0]?.remaining).toBeUndefined();
  });

  it('refuses a cycle, and needs that are not in the graph', async () => {
    await expect(work([node('a', ['b']), node('b', ['a'])], 1)).rejects.toThrow('needs itself');
    await expect(work([node('a', ['nobody'])], 1)).rejects.toThrow('a needs nobody, which is not there');
  });

  it('waits for the running nodes if an answer adds a cycle', async () => {
    const ended: string[] = [];
    const nodes = [node('long', [], 5), { ...node('ask'), expandsGraph: true }];
    const run = work(nodes, 2, {
      expand: (id) => {
        ended.push(id);
        return id === 'ask' ? [node('a', ['b']), node('b', ['a'])] : [];
      },
    });
    await expect(run).rejects.toThrow('needs itself');
    expect(ended).toEqual(['ask', 'long']);
  });

  it('ends at once without nodes', async () => {
    expect((await work([], 2)).outcomes.size).toBe(0);
  });
});
