import { describe, expect, it } from 'vitest';
import type { Executed, WorkNode } from '../../../src/schedule/executor.ts';
import { runSchedule, type ScheduleState } from '../../../src/schedule/schedule.ts';
import { VirtualTime } from './virtual-time.ts';

type Seconds = number;

const node = (id: string, needs: readonly string[] = [], estimate: Seconds | undefined = 1): WorkNode<Seconds> => ({
  ...{ id, needs, estimate, work: estimate ?? 1 },
});

/** Works nodes off in virtual time; each takes as long as its work says. */
async function work(
  nodes: readonly WorkNode<Seconds>[],
  jobs: number,
  parts: {
    readonly fails?: readonly string[];
    readonly unfold?: (id: string) => readonly WorkNode<Seconds>[];
    readonly signal?: AbortSignal;
    readonly onBegin?: (id: string) => void;
  } = {},
) {
  const time = new VirtualTime();
  const begun: string[] = [];
  const company: number[] = [];
  const states: ScheduleState[] = [];
  let [atWork, most] = [0, 0];
  const executor = {
    async execute({ id, work: seconds }: WorkNode<Seconds>, { atOnce }: { readonly atOnce: number }) {
      begun.push(id);
      company.push(atOnce);
      parts.onBegin?.(id);
      most = Math.max(most, ++atWork);
      await time.pass(seconds * 1000);
      atWork--;
      if (parts.fails?.includes(id) === true) throw new Error(`${id} failed`);
      return { result: id, nodes: parts.unfold?.(id) ?? [] } satisfies Executed<Seconds, string>;
    },
  };
  const options = { jobs, executor, signal: parts.signal ?? new AbortController().signal, now: () => time.now };
  const outcomes = await time.run(runSchedule(nodes, { ...options, onChange: (state) => void states.push(state) }));
  return { outcomes, begun, company, states, most, seconds: time.now / 1000 };
}

const typesOf = (outcomes: ReadonlyMap<string, { readonly type: string }>) =>
  Object.fromEntries([...outcomes].map(([id, { type }]) => [id, type]));

describe('the schedule', () => {
  it('begins nothing before what it needs, and no more at once than allowed', async () => {
    const nodes = [node('d', ['b', 'c']), node('b', ['a']), node('c', ['a']), node('a'), node('e'), node('f')];
    const { begun, most, seconds } = await work(nodes, 2);
    expect(begun.indexOf('b')).toBeGreaterThan(begun.indexOf('a'));
    expect(begun.indexOf('d')).toBeGreaterThan(Math.max(begun.indexOf('b'), begun.indexOf('c')));
    expect(most).toBe(2);
    expect(seconds).toBe(3);
  });

  it('begins with the longest way to the end, not with the longest node', async () => {
    const nodes = [node('long', [], 5), node('first', [], 1), node('then', ['first'], 9), node('short', [], 1)];
    expect((await work(nodes, 1)).begun).toEqual(['first', 'then', 'long', 'short']);
  });

  it('begins with what brings more, and works that off as well', async () => {
    const more = [node('x', [], 2), node('y', ['x'], 2)];
    const { begun, outcomes } = await work([node('long', [], 50), { ...node('ask', [], 1), unfolds: true }], 1, {
      unfold: (id) => (id === 'ask' ? more : []),
    });
    expect(begun).toEqual(['ask', 'long', 'x', 'y']);
    expect(typesOf(outcomes)).toEqual({ long: 'done', ask: 'done', x: 'done', y: 'done' });
  });

  it('takes a node that two others bring for one', async () => {
    const shared = node('shared');
    const nodes = [node('one'), node('two', ['one'])];
    const { begun } = await work(nodes, 1, { unfold: () => [shared] });
    expect(begun.toSorted()).toEqual(['one', 'shared', 'two']);
  });

  it('skips what needs a node that failed, begins the rest, and tries nothing twice', async () => {
    const nodes = [node('a'), node('b', ['a']), node('c', ['b', 'ok']), node('ok'), node('also', ['ok'])];
    const { outcomes, begun } = await work(nodes, 1, { fails: ['a'] });
    expect(typesOf(outcomes)).toEqual({ a: 'failed', b: 'skipped', c: 'skipped', ok: 'done', also: 'done' });
    expect(outcomes.get('c')).toEqual({ type: 'skipped', because: ['a'] });
    expect(begun.toSorted()).toEqual(['a', 'also', 'ok']);
  });

  it('skips what a later node brings and needs one that has failed before', async () => {
    const nodes = [node('a'), { ...node('ask', [], 5), unfolds: true }];
    const { outcomes } = await work(nodes, 2, { fails: ['a'], unfold: () => [node('b', ['a']), node('c')] });
    expect(typesOf(outcomes)).toEqual({ a: 'failed', ask: 'done', b: 'skipped', c: 'done' });
  });

  it('says how many work besides each, so that they can share the machine', async () => {
    const nodes = [node('a'), node('b'), node('c'), node('last', ['a', 'b', 'c'])];
    expect((await work(nodes, 2)).company).toEqual([2, 2, 2, 1]);
    expect((await work(nodes, 8)).company).toEqual([3, 3, 3, 1]);
  });

  it('waits for what is at work when it is aborted, begins nothing more, and throws the reason', async () => {
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

  it('says how far it is, and how long it takes', async () => {
    const { states } = await work([node('a', [], 10), node('b', ['a'], 20), node('c', [], 4)], 2);
    expect(states[0]).toEqual({ total: 3, done: 0, failed: 0, atWork: 2, remaining: 30 });
    expect(states[1]).toMatchObject({ done: 1, atWork: 1, remaining: 26 });
    expect(states.at(-1)).toEqual({ total: 3, done: 3, failed: 0, atWork: 0, remaining: 0 });
  });

  it('does not say how long it takes where nobody knows', async () => {
    const { states } = await work([{ ...node('a'), estimate: undefined }], 1);
    expect(states[0]?.remaining).toBeUndefined();
    const { states: unfolding } = await work([{ ...node('a'), unfolds: true }, node('b')], 1);
    expect(unfolding[0]?.remaining).toBeUndefined();
  });

  it('refuses a circle, and needs that are not there', async () => {
    await expect(work([node('a', ['b']), node('b', ['a'])], 1)).rejects.toThrow('needs itself');
    await expect(work([node('a', ['nobody'])], 1)).rejects.toThrow('a needs nobody, which is not there');
  });

  it('waits for what is at work where a node brings a circle', async () => {
    const ended: string[] = [];
    const nodes = [node('long', [], 5), { ...node('ask'), unfolds: true }];
    const run = work(nodes, 2, {
      unfold: (id) => {
        ended.push(id);
        return id === 'ask' ? [node('a', ['b']), node('b', ['a'])] : [];
      },
    });
    await expect(run).rejects.toThrow('needs itself');
    expect(ended).toEqual(['ask', 'long']);
  });

  it('is done at once with nothing', async () => {
    expect((await work([], 2)).outcomes.size).toBe(0);
  });
});
