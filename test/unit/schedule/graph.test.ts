import { describe, expect, test } from 'vitest';
import type { WorkNode } from '../../../src/schedule/executor.ts';
import { Graph } from '../../../src/schedule/graph.ts';
import { runSchedule, type ScheduleOptions, type ScheduleState } from '../../../src/schedule/schedule.ts';

const node = (id: string, needs: readonly string[] = [], estimate?: number): WorkNode<string> => ({
  ...{ id, needs, estimate, order: id },
});
const noTime = () => 0;

describe('the nodes that are ready', () => {
  const orderOf = (nodes: readonly WorkNode<string>[]) => new Graph(nodes).criticalPathFirst(nodes).map(({ id }) => id);

  test('are sorted by the time until the end of everything that needs them', () => {
    expect(orderOf([node('a', [], 5), node('b', [], 1), node('c', ['b'], 3), node('d', ['c'], 3)])).toEqual([
      ...['b', 'c', 'a', 'd'],
    ]);
  });

  test('go by the longest chain, not by the sum of all that needs them', () => {
    const fan = ['x', 'y', 'z'].map((id) => node(id, ['many'], 2));
    expect(orderOf([node('many', [], 1), node('one', [], 4), ...fan]).slice(0, 2)).toEqual(['one', 'many']);
  });

  test('keep their order if nothing tells them apart', () => {
    expect(orderOf([node('b', [], 1), node('a', [], 1), node('c', [], 1)])).toEqual(['b', 'a', 'c']);
  });

  test('begin with the nodes that expand the graph', () => {
    expect(orderOf([node('long', [], 1e6), { ...node('ask', [], 1), expandsGraph: true }])).toEqual(['ask', 'long']);
    expect(orderOf([{ ...node('short', [], 1), expandsGraph: false }, node('long', [], 2)])).toEqual(['long', 'short']);
  });

  test('count with the mean of the known times if their own time is unknown', () => {
    expect(orderOf([node('below', [], 7), node('unknown'), node('above', [], 11)])).toEqual([
      'above',
      'unknown',
      'below',
    ]);
  });

  test('go by the number of nodes behind them if no time is known', () => {
    expect(orderOf([node('single'), node('chain'), node('end', ['chain'])])).toEqual(['chain', 'single', 'end']);
  });
});

describe('the order of a graph', () => {
  test('has each node once, after the nodes that it needs', () => {
    const graph = new Graph([node('d', ['b', 'c']), node('b', ['a']), node('c', ['a']), node('a')]);
    expect(graph.inOrder().map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('cannot be made if a node needs itself, even through others', () => {
    expect(() => new Graph([node('a', ['b']), node('b', ['c']), node('c', ['a'])])).toThrow('a needs itself');
    expect(() => new Graph([node('a', ['a'])])).toThrow('a needs itself');
  });

  test('includes added nodes; of two nodes with one id, the first stays', () => {
    const graph = new Graph([node('a', [], 1)]);
    graph.add([node('a', [], 2), node('b', ['a'], 3)]);
    expect(graph.nodes.map(({ id, estimate }) => [id, estimate])).toEqual([
      ['a', 1],
      ['b', 3],
    ]);
    expect(graph.criticalPathFirst(graph.nodes).map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

describe('the time for nodes', () => {
  const timeFor = (
    nodes: readonly WorkNode<string>[],
    jobs: number,
    spent: (id: string) => number = noTime,
    left = nodes,
  ) => new Graph(nodes).timeFor(left, jobs, spent);

  test('is the sum shared by the jobs, or the longest chain if that takes longer', () => {
    const chain = [node('a', [], 10), node('b', ['a'], 20), node('c', [], 6)];
    expect(timeFor(chain, 1)).toBe(36);
    expect(timeFor(chain, 2)).toBe(30);
    expect(timeFor([node('a', [], 4), node('b', [], 4), node('c', [], 4)], 2)).toBe(6);
  });

  test('is reduced by the spent time, and never negative', () => {
    const nodes = [node('a', [], 10), node('b', [], 10)];
    expect(timeFor(nodes, 1, (id) => (id === 'a' ? 4 : 0))).toBe(16);
    expect(timeFor(nodes, 1, (id) => (id === 'a' ? 90 : 0))).toBe(10);
    expect(timeFor([node('a', [], 10)], 1, () => 90)).toBe(0);
  });

  test('counts a node of unknown time with the mean of all known nodes', () => {
    const nodes = [node('a', [], 10), node('b', [], 20), node('c')];
    expect(timeFor(nodes, 1)).toBe(45);
    expect(timeFor(nodes, 1, noTime, nodes.slice(1))).toBe(35);
  });

  test('is unknown if no remaining node has an estimate, or if one expands the graph', () => {
    expect(timeFor([node('a'), node('b', [], 3)], 1, noTime, [node('a')])).toBeUndefined();
    expect(timeFor([{ ...node('a', [], 1), expandsGraph: true }, node('b', [], 3)], 1)).toBeUndefined();
    expect(timeFor([{ ...node('a', [], 1), expandsGraph: false }], 1)).toBe(1);
  });

  test('is 0 if nothing is left', () => {
    expect(timeFor([node('a')], 1, noTime, [])).toBe(0);
  });
});

describe('a schedule', () => {
  const { signal } = new AbortController();
  const executor = { execute: async (id: string) => (id.startsWith('bad') ? Promise.reject(new Error(id)) : id) };
  const run = (nodes: readonly WorkNode<string>[], options: Partial<ScheduleOptions<string, string>> = {}) =>
    runSchedule(nodes, { jobs: 4, executor, signal, ...options });

  test('names each failed node once to a node that it skipped, sorted', async () => {
    const nodes = [
      ...[node('bad2'), node('bad1'), node('x', ['bad2', 'bad1']), node('y', ['bad2', 'x'])],
      ...[node('z', ['y', 'x', 'good']), node('good')],
    ];
    const { outcomes } = await run(nodes);
    for (const id of ['x', 'y', 'z']) expect(outcomes.get(id)).toEqual({ type: 'skipped', because: ['bad1', 'bad2'] });
    expect(outcomes.get('good')).toEqual({ type: 'done', answer: 'good' });
    expect(outcomes.get('bad1')).toMatchObject({ type: 'failed', error: new Error('bad1') });
  });

  test('counts done, failed and skipped nodes', async () => {
    const states: ScheduleState[] = [];
    await run([node('bad'), node('x', ['bad']), node('good')], { onChange: (state) => void states.push(state) });
    expect(states.at(-1)).toEqual({ total: 3, done: 1, failed: 2, atWork: 0, remaining: 0 });
  });

  test('fails, and names the nodes that are left, if no node may run', async () => {
    await expect(run([node('a'), node('b')], { jobs: 0 })).rejects.toThrow('no remaining node can be started: a, b');
  });

  test('waits for the report of a change before it goes on', async () => {
    const events: string[] = [];
    const onChange = async ({ done }: ScheduleState) => {
      events.push(`${done} done`);
      await Promise.resolve();
      events.push('reported');
    };
    await run([node('a'), node('b', ['a'])], { onChange });
    events.push('ended');
    expect(events.filter((_, index) => index % 2 === 0)).toEqual(['0 done', '1 done', '2 done', 'ended']);
  });

  test('ends only when no node runs any more, even if a report fails', async () => {
    const ended: string[] = [];
    const slow = {
      async execute(id: string) {
        for (let turns = 0; turns < 20; turns++) await Promise.resolve();
        ended.push(id);
        return id;
      },
    };
    const onChange = () => Promise.reject(new Error('the terminal is gone'));
    await expect(run([node('a'), node('b')], { executor: slow, onChange })).rejects.toThrow('the terminal is gone');
    expect(ended).toEqual(['a', 'b']);
  });

  test('measures with a clock of its own if it is given none', async () => {
    const states: ScheduleState[] = [];
    await run([node('a', [], 1000)], { onChange: (state) => void states.push(state) });
    expect(states[0]?.remaining).toBeGreaterThan(900);
    expect(states[0]?.remaining).toBeLessThanOrEqual(1000);
  });

  test('starts nothing if it was aborted before', async () => {
    const reason = new Error('interrupted');
    const begun: string[] = [];
    const spy = { execute: async (id: string) => String(begun.push(id)) };
    await expect(run([node('a')], { executor: spy, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(begun).toEqual([]);
  });
});
