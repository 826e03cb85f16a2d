import { expect, test } from 'vitest';

import type { Event } from '../../../src/report/event.ts';
import { withTask } from '../../../src/report/with-task.ts';

const line: Event = { type: 'line', step: 'compile', text: 'x' };
const packaged: Event = { type: 'package', cpv: 'a/b-1', index: 1, total: 1, action: 'emerging' };
const running: Event = { type: 'running', completed: 0, total: 1, packages: [] };

test('what Portage prints and does is said to be of a task, everything else stays what it is', () => {
  const events: Event[] = [];
  const report = withTask((event) => void events.push(event), 'x86-base:a/b-1');
  const others: readonly Event[] = [
    { type: 'note', message: 'x' },
    { type: 'step-started', step: 'compile', task: 'other', detail: '' },
    { ...line, task: 'other' },
  ];
  for (const event of [line, packaged, running, ...others]) void report(event);
  expect(events).toEqual([
    ...[line, packaged, running].map((event) => ({ ...event, task: 'x86-base:a/b-1' })),
    ...others,
  ]);
});

test('whoever emits waits for the report behind it', () => {
  const taken = Promise.resolve();
  expect(withTask(() => taken, 'a')(line)).toBe(taken);
});
