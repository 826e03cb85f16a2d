import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Failure } from '../../../src/failure.ts';
import { shareEvenly } from '../../../src/report/share-evenly.ts';
import { countCells } from '../../../src/report/display-cells.ts';
import { mainSteps as steps, type Event } from '../../../src/report/event.ts';
import { composeFrame, type Size } from '../../../src/report/frame.ts';
import { advance, startProgress } from '../../../src/report/progress.ts';
import { trackLastLines } from '../../../src/report/last-lines-by-task.ts';
import { LiveView, stopTime } from './live-view.ts';
import { breakLine, trimEmpty, type Terminal } from './terminal.ts';
import { anyString } from '../../support/any-string.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const text = fc.oneof(
  anyString({ maxLength: 60 }),
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
const step = fc.constantFrom(...steps, 'compile' as const, 'assemble' as const);
const tasks = ['x86-base:a/a-1', 'x86-base:日本語/🚀-1', 'musl', `long:${'y'.repeat(90)}/y-1`, 'e', 'f', 'g', 'h'];
const task = fc.constantFrom(undefined, ...tasks);
const estimate = fc.option(fc.double(), { nil: undefined });
const count = fc.nat(20);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ type: fc.constant('step-started' as const), step, task, detail: text, estimate }),
  fc.record({ type: fc.constant('step-started' as const), step, task, detail: text, estimate }),
  fc.record({ type: fc.constant('step-started' as const), step, task, detail: text }),
  fc.record({ type: fc.constant('step-finished' as const), step, task, seconds: fc.double() }),
  fc.record({ type: fc.constant('step-failed' as const), step, task, seconds: fc.double() }),
  fc.record({
    type: fc.constant('schedule' as const),
    done: count,
    total: count,
    failed: count,
    atWork: count,
    remaining: estimate,
  }),
  fc.record({ type: fc.constant('note' as const), message: text }),
  fc.record({ type: fc.constant('warning' as const), message: text, hint: text }),
  fc.record({ type: fc.constant('pull' as const), image: text, current: fc.nat(), total: fc.nat() }),
  fc.record({ type: fc.constant('line' as const), step, task, text }),
  fc.record({
    type: fc.constant('package' as const),
    cpv: text,
    index: count,
    total: count,
    action: fc.constantFrom('emerging' as const, 'completed' as const),
    task,
    binary: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('running' as const),
    completed: count,
    total: count,
    task,
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
 * An infinite terminal shows the kept lines unchanged. Every other terminal must end with exactly these lines, broken if they
 * are too long: a frame that wrapped, scrolled away, stayed or erased a line would make a difference.
 */
test('after any events the frame is erased, kept lines remain, and the cursor is visible', async () => {
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
});

/** The frame of a run at the time of its last event. */
function pictureOf(events: readonly Event[], size: Size): readonly string[] {
  const progress = startProgress();
  const lastLines = trackLastLines();
  events.forEach((each, index) => {
    lastLines.take(each, false);
    advance(progress, each, index);
  });
  return composeFrame(progress, lastLines, size, events.length).map((line) => line.text);
}

const size = fc.record({ columns: fc.integer({ min: 1, max: 120 }), rows: fc.integer({ min: 1, max: 40 }) });

test('the frame is lower and narrower than the terminal for any number of tasks', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), size, (events, { columns, rows }) => {
      const picture = pictureOf(events, { columns, rows });
      expect(picture.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
      for (const line of picture) expect(countCells(line)).toBeLessThanOrEqual(Math.max(1, columns - 1));
    }),
    { numRuns: 1000 },
  );
});

test('shows the tasks that began first, as many as fit, and counts the others', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 2, maxLength: 30 });
  const begun = fc.record({ names, rows: fc.integer({ min: 4, max: 40 }), events: fc.array(event, { maxLength: 20 }) });
  fc.assert(
    fc.property(begun, ({ names, rows, events }) => {
      const starts = names.map((name): Event => ({ type: 'step-started', step: 'compile', task: name, detail: '' }));
      const schedule = { type: 'schedule', done: 0, total: 99, failed: 0, atWork: names.length } as const;
      const ofOthers = events.filter(({ type }) => type === 'line' || type === 'running' || type === 'package');
      const [head, ...below] = pictureOf([schedule, ...starts, ...ofOthers], { columns: 100, rows });
      expect(head).toBe(`0 of 99 done, ${names.length} at work`);
      const shown = below.flatMap((line) => /^([a-z]{1,8}): compile /.exec(line)?.[1] ?? []);
      expect(shown).toEqual(names.slice(0, shown.length));
      const hidden = names.length - shown.length;
      expect(shown.length).toBe(names.length <= rows - 2 ? names.length : rows - 3);
      if (hidden > 0) expect(below.at(-1)).toBe(`and ${hidden} more`);
    }),
    { numRuns: 300 },
  );
});

test('shareEvenly is fair and uses all of the room', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 12 }), fc.nat(60), (wants, room) => {
      const given = shareEvenly(wants, room);
      const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
      expect(sum(given)).toBe(Math.min(room, sum(wants)));
      const least = Math.min(...given.filter((each, index) => each < (wants[index] ?? 0)));
      for (const [index, each] of given.entries()) {
        expect(each).toBeLessThanOrEqual(wants[index] ?? 0);
        expect(each).toBeLessThanOrEqual(least + 1);
      }
    }),
  );
});
