import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Failure } from '../../../src/failure.ts';
import { mainSteps as steps, type Event } from '../../../src/report/event.ts';
import { LiveView, stopTime } from './live-view.ts';
import { breakLine, trimEmpty, type Terminal } from './terminal.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const text = fc.oneof(
  fc.string({ maxLength: 60, unit: 'binary' }),
  fc.constantFrom(
    'net-misc/curl-8.5.0',
    '日本語',
    '🚀',
    '\x1b[5A\x1b[2J',
    ' * kept',
    '!!! kept',
    'a\tb',
    'x'.repeat(200),
    '',
  ),
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
    packages: fc.array(fc.record({ cpv: text, phase: text, elapsed: fc.double(), binary: fc.boolean() }), {
      maxLength: 12,
    }),
  }),
  fc.record({ type: fc.constant('failed' as const), failures: fc.constant([new Failure('disk-full', 'full')]) }),
);
const timeline = fc.array(fc.tuple(event, fc.constantFrom(0, 0, 1, 50, 100, 1000)), { maxLength: 40 });

async function play(events: readonly (readonly [Event, number])[], columns: number, rows: number): Promise<Terminal> {
  const { terminal, report } = await LiveView.open({ columns, rows });
  for (const [each, milliseconds] of events) {
    void report(each);
    vi.advanceTimersByTime(milliseconds);
  }
  await report.close();
  return terminal;
}

/**
 * On a terminal without end the lines that stay are as they were meant. On any other one exactly these are left in the
 * end, broken where they are too long: what the picture had wrapped, scrolled away, left over or erased would show.
 */
test('whatever happens, the picture leaves no trace and takes nothing away, and the cursor comes back', async () => {
  await fc.assert(
    fc.asyncProperty(
      timeline,
      fc.integer({ min: 2, max: 90 }),
      fc.integer({ min: 2, max: 30 }),
      async (events, columns, rows) => {
        const meant = (await play(events, 100_000, 1000)).rawText.map((line) => breakLine(line, columns));
        const terminal = await play(events, columns, rows);
        expect(terminal.text).toEqual(trimEmpty(meant.flat().map((row) => row.trimEnd())));
        expect(terminal.wraps).toBe(meant.flat().length - meant.length);
        expect(terminal.overshoots).toBe(0);
        expect(terminal.cursorVisible).toBe(true);
        expect(terminal.cursor.column).toBe(0);
      },
    ),
    { numRuns: 500 },
  );
}, 60_000);
