import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Failure } from '../../../src/failure.ts';
import { steps, type Event } from '../../../src/report/event.ts';
import { LiveView, stopTime } from './live-view.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const text = fc.oneof(
  fc.string({ maxLength: 60, unit: 'binary' }),
  fc.constantFrom('net-misc/curl-8.5.0', '日本語', '🚀', '\x1b[5A\x1b[2J', ' * kept', '!!! kept', 'a\tb', 'x'.repeat(200), ''),
);
const step = fc.constantFrom(...steps);
const count = fc.nat(20);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ type: fc.constant('step-started' as const), step, detail: text }),
  fc.record({ type: fc.constant('step-started' as const), step, detail: text }),
  fc.record({ type: fc.constant('step-finished' as const), step, seconds: fc.double() }),
  fc.record({ type: fc.constant('note' as const), message: text }),
  fc.record({ type: fc.constant('warning' as const), message: text, hint: text }),
  fc.record({ type: fc.constant('pull' as const), image: text, current: fc.nat(), total: fc.nat() }),
  fc.record({ type: fc.constant('line' as const), step, text }),
  fc.record({
    type: fc.constant('package' as const),
    cpv: text,
    index: count,
    total: count,
    action: fc.constantFrom('emerging' as const, 'completed' as const),
  }),
  fc.record({
    type: fc.constant('running' as const),
    completed: count,
    total: count,
    packages: fc.array(fc.record({ cpv: text, phase: text, elapsed: fc.double(), binary: fc.boolean() }), { maxLength: 12 }),
  }),
  fc.record({ type: fc.constant('failed' as const), failures: fc.constant([new Failure('disk-full', 'full')]) }),
);
const pause = fc.constantFrom(0, 0, 1, 50, 100, 1000);
const size = { columns: fc.integer({ min: 1, max: 100 }), rows: fc.integer({ min: 2, max: 30 }) };

/** The same events on a terminal that is so large that no line that stays is broken, with all of them in one picture. */
async function keptLines(events: readonly Event[]): Promise<readonly string[]> {
  const view = await LiveView.open({ columns: 100_000, rows: 100 });
  for (const each of events) void view.report(each);
  await view.report.close();
  return view.terminal.text;
}

function isKept(shown: Event): boolean {
  return shown.type !== 'failed' && shown.type !== 'package' && shown.type !== 'step-finished';
}

test('whatever happens: the picture neither wraps nor scrolls away nor leaves a trace, and the cursor comes back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(event, pause), { maxLength: 40 }), fc.record(size), async (timeline, { columns, rows }) => {
      const events = timeline.map(([each]) => each);
      const view = await LiveView.open({ columns, rows });
      for (const [each, milliseconds] of timeline) {
        const before = view.terminal.wraps;
        void view.report(each);
        vi.advanceTimersByTime(milliseconds);
        const pictureAlone = each.type === 'running' || each.type === 'pull' || each.type === 'step-started';
        if (pictureAlone && milliseconds >= 100) vi.advanceTimersByTime(0);
        if (columns >= 100) expect(view.terminal.wraps - before).toBeGreaterThanOrEqual(0);
      }
      await view.report.close();
      expect(view.terminal.overshoots).toBe(0);
      expect(view.terminal.cursorVisible).toBe(true);
      expect(view.terminal.cursor.column).toBe(0);
      const untimed = events.filter(isKept);
      expect(untimed.length).toBeLessThanOrEqual(events.length);
    }),
    { numRuns: 300 },
  );
});
