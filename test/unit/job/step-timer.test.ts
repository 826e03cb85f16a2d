import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStepTimer } from '../../../src/job/step-timer.ts';
import type { Event } from '../../../src/report/event.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const events: Event[] = [];
beforeEach(() => void (events.length = 0));
const report = (event: Event) => void events.push(event);
const wait = (ms: number) => () => delay(ms, 'done');
const fail = () => delay(500).then(() => Promise.reject(new Error('no')));

describe('the timer of steps', () => {
  it('reports start and end of a step, and keeps its duration', async () => {
    // Time that passed before the step does not count.
    await passTime(delay(7000));
    const step = createStepTimer(report);
    expect(await passTime(step('sync', 'the tree', wait(1500)))).toBe('done');
    expect(events).toEqual([
      { type: 'step-started', step: 'sync', detail: 'the tree' },
      { type: 'step-finished', step: 'sync', seconds: 1.5 },
    ]);
    expect(step.durations).toEqual({ sync: 1.5 });
  });

  it('names the task and the estimate, if there are any', async () => {
    const step = createStepTimer(report, 'a', 60);
    await passTime(step('compile', 'b', wait(100)));
    expect(events).toEqual([
      { type: 'step-started', step: 'compile', task: 'a', detail: 'b', estimate: 60 },
      { type: 'step-finished', step: 'compile', task: 'a', seconds: 0.1 },
    ]);
  });

  it("reports that a task's step failed; the main job reports its own failure", async () => {
    await expect(passTime(createStepTimer(report, 'a')('compile', '', fail))).rejects.toThrow('no');
    expect(events.at(-1)).toEqual({ type: 'step-failed', step: 'compile', task: 'a', seconds: 0.5 });
    events.length = 0;
    const step = createStepTimer(report);
    await expect(passTime(step('emerge', '', fail))).rejects.toThrow('no');
    expect(events).toEqual([{ type: 'step-started', step: 'emerge', detail: '' }]);
    expect(step.durations).toEqual({});
  });
});
