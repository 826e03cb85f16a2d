import { expect, test } from 'vitest';

import type { Event } from '../../../src/report/event.ts';
import { withTask } from '../../../src/report/with-task.ts';

const line: Event = { type: 'line', step: 'compile', text: 'x' };
const packaged: Event = { type: 'package', cpv: 'a/b-1', index: 1, total: 1, action: 'emerging' };
const running: Event = { type: 'running', completed: 0, total: 1, packages: [] };

test('adds the task to events of Portage, and changes no other event', () => {
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

test('an emitter waits for the inner report', () => {
  const taken = Promise.resolve();
  expect(withTask(() => taken, 'a')(line)).toBe(taken);
});
