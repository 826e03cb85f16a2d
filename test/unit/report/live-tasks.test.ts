import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Failure } from '../../../src/failure.ts';
import type { Event, Schedule } from '../../../src/report/event.ts';
import { LiveView, stopTime } from './live-view.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const greet = 'x86-64-base:app-misc/greet-1.0';
const tree = 'x86-64-musl:app-text/tree-2.1';
const tuple = 'x86-64-base-plain-tools';

function started(task: string, detail = '', estimate?: number, step: 'compile' | 'assemble' = 'compile'): Event {
  return { type: 'step-started', step, task, detail, estimate };
}
function schedule(parts: Partial<Schedule> = {}): Event {
  return { type: 'schedule', done: 12, total: 57, failed: 2, atWork: 3, remaining: 250, ...parts };
}
function line(task: string, text: string): Event {
  return { type: 'line', step: 'compile', task, text };
}
function running(task: string, ...packages: [cpv: string, phase: string, elapsed: number, binary?: boolean][]): Event {
  const all = packages.map(([cpv, phase, elapsed, binary = false]) => ({ cpv, phase, elapsed, binary }));
  return { type: 'running', task, completed: 3, total: 5, packages: all };
}
const three: readonly Event[] = [
  schedule(),
  started(greet, 'for x86-64-base-plain-tools', 45),
  started(tree),
  started(tuple, 'from stage', 30, 'assemble'),
  running(greet, ['app-misc/greet-1.0', 'compile', 12]),
  running(tuple, ['app-misc/greet-1.0', 'merge', 1, true], ['app-text/tree-2.1', '', 0, true]),
  line(greet, 'cc -c greet.c'),
  line(greet, 'cc -c words.c'),
  line(tree, '>>> Unpacking'),
];

test('shows several tasks: overall progress, and for each task its packages, estimate and last lines', async () => {
  const view = await LiveView.open({ columns: 100, rows: 24 });
  view.show(...three);
  vi.advanceTimersByTime(38_000);
  expect(view.terminal.text).toEqual([
    '12 of 57 done, 2 failed, 3 at work, about 3m 32s left',
    'x86-64-base:app-misc/greet-1.0: compile for x86-64-base-plain-...  package 3 of 5  38s of about 45s',
    '      app-misc/greet-1.0  compile  50s',
    '      | cc -c greet.c',
    '      | cc -c words.c',
    'x86-64-musl:app-text/tree-2.1: compile  38s',
    '      | >>> Unpacking',
    'x86-64-base-plain-tools: assemble from stage  package 3 of 5  38s of about 30s',
    '      app-misc/greet-1.0  merge  39s  from a binary package',
    '      app-text/tree-2.1          38s  from a binary package',
  ]);
});

test.each([
  [
    10,
    [
      'greet',
      '      app-misc/greet',
      '      | cc -c words',
      'tree',
      '      | >>>',
      'tuple',
      '      app-misc',
      '      app-',
    ],
  ],
  [9, ['greet', '      app-misc/greet', '      | cc -c words', 'tree', 'tuple', '      app-misc', '      app-text']],
  [8, ['greet', '      app-misc/greet', 'tree', 'tuple', '      app-misc/greet', '      app-text/tree']],
  [7, ['greet', '      app-misc/greet', 'tree', 'tuple', '      app-misc/greet']],
  [6, ['greet', '      app-misc/greet', 'tree', 'tuple']],
  [5, ['greet', 'tree', 'tuple']],
  [4, ['greet', 'and 2 more']],
  [3, ['greet']],
  [2, []],
])(
  'on a terminal of %d rows the last lines go first, then packages, then the tasks that began last',
  async (rows, shown) => {
    const names = new Map([
      ['greet', greet],
      ['tree', tree],
      ['tuple', tuple],
    ]);
    const view = await LiveView.open({ columns: 100, rows });
    const [head, ...below] = view.show(...three);
    expect(head).toBe('12 of 57 done, 2 failed, 3 at work, about 4m 10s left');
    expect(below.map((text, index) => text.slice(0, (names.get(shown[index] ?? '') ?? shown[index])?.length))).toEqual(
      shown.map((word) => names.get(word) ?? word),
    );
  },
);

test.each([
  [
    62,
    `${greet}: compile  package 3 of 5  0s`,
    `${tree}: compile  0s`,
    `${tuple}: assemble from stage  0s of about 30s`,
  ],
  [50, `${greet}: compile  0s`, `${tree}: compile  0s`, `${tuple}: assemble from stage  0s`],
  [40, `...${greet.slice(7)}: compile  0s`, `...${tree.slice(6)}: compile  0s`, `${tuple}: assemble  0s`],
])(
  'on a terminal of %d columns the estimate is left out, then the count, then the beginning of the name',
  async (columns, ...shown) => {
    const view = await LiveView.open({ columns, rows: 5 });
    const [, ...steps] = view.show(...three.slice(0, 4), running(greet));
    expect(steps).toEqual(shown);
  },
);

test('the remaining time counts down, and disappears once it is used up', async () => {
  const view = await LiveView.open({ columns: 100 });
  view.show(schedule({ failed: 0, atWork: 1, remaining: 5 }), started(tree));
  vi.advanceTimersByTime(3000);
  expect(view.terminal.text[0]).toBe('12 of 57 done, 1 at work, about 2s left');
  vi.advanceTimersByTime(3000);
  expect(view.terminal.text[0]).toBe('12 of 57 done, 1 at work');
});

test('keeps finished tasks, without lines for their own package and their binary packages', async () => {
  const view = await LiveView.open({ columns: 100 });
  const each = (action: 'emerging' | 'completed', cpv: string, index: number, binary = false): Event => ({
    ...{ type: 'package', task: greet, cpv, index, total: 3, action },
    ...(binary ? { binary } : {}),
  });
  view.show(schedule(), started(greet, 'for two tuples'), started(tree));
  view.show(each('emerging', 'dev-libs/greeting-2.0', 1, true), each('completed', 'dev-libs/greeting-2.0', 1));
  view.show(each('emerging', 'dev-libs/other-1', 2), each('completed', 'dev-libs/other-1', 2));
  view.show(each('emerging', 'app-misc/greet-1.0', 3), each('completed', 'app-misc/greet-1.0', 3));
  view.show(line(greet, ' * a message that is told at the end'), line(greet, '!!! a complaint'));
  view.show({ type: 'step-finished', step: 'compile', task: greet, seconds: 46 });
  view.show({ type: 'step-failed', step: 'compile', task: tree, seconds: 47 }, schedule({ done: 55, atWork: 0 }));
  view.show({ type: 'failed', failures: [new Failure('build-failed', 'failed')] });
  await view.report.close();
  expect(view.terminal.text).toEqual([
    `${greet}: dev-libs/other-1  2 of 3 completed  0.0s`,
    `${greet} | !!! a complaint`,
    `${greet}: compile for two tuples  46s`,
    `${tree}: compile failed after 47s`,
    'gentoo-builder: failed',
  ]);
});

test('shows the overall progress between two tasks, and nothing at the end', async () => {
  const view = await LiveView.open({ columns: 100 });
  view.show(schedule({ failed: 0, atWork: 0, remaining: undefined }));
  expect(view.terminal.text).toEqual(['12 of 57 done']);
  expect(view.show(schedule({ done: 55, failed: 2, atWork: 0, remaining: 0 }))).toEqual([]);
});

test('the end of a step removes the packages and last lines of its task only', async () => {
  const view = await LiveView.open({ columns: 100 });
  view.show(...three, { type: 'step-finished', step: 'compile', task: greet, seconds: 46 });
  const picture = view.terminal.text.join('\n');
  expect(picture).not.toContain('cc -c');
  expect(picture).toContain('| >>> Unpacking');
  expect(picture).toContain('app-text/tree-2.1');
  expect(picture).not.toContain('app-misc/greet-1.0  compile  ');
});
