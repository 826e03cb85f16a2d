import type { Event, OpenReport } from './event.ts';
import type { Program } from './failure-text.ts';
import { composeFrame, type Line, type Size } from './frame.ts';
import { linesToKeep } from './kept-lines.ts';
import { advance, startProgress } from './progress.ts';
import { openScreen } from './screen.ts';
import type { ReportStream, Sink } from './sink.ts';
import { keepTails } from './tails.ts';

/** Milliseconds between two pictures at least, and at most while a step is under way. */
const shortestPause = 100;
const longestPause = 1000;
const keptAtOnce = 1000;

/** What a live view is drawn on, and how. */
export interface LiveView {
  readonly stderr: ReportStream;
  readonly sink: Sink;
  /** Asked anew for each picture. */
  readonly readSize: () => Size;
  readonly colours: boolean;
  readonly program: Program;
}

/**
 * The view for a terminal: what is finished, noted or went wrong stays as lines, and below them a picture of what is
 * going on is redrawn in place, at most ten times a second. The cursor is hidden meanwhile and given back by `close`, or
 * when the process exits without it.
 */
export function openLiveReport({ stderr, sink, readSize, colours, program }: LiveView): OpenReport {
  const screen = openScreen(sink, readSize, colours);
  const progress = startProgress();
  const tails = keepTails();
  let kept: Line[] = [];
  let drawnAt = -Infinity;
  let due = Infinity;
  let timer: NodeJS.Timeout | undefined;
  let slowReader: Promise<void> | undefined;
  let lent = false;
  let closed = false;

  function redraw(): void {
    due = Infinity;
    clearTimeout(timer);
    if (closed || lent || slowReader !== undefined) return;
    drawnAt = performance.now();
    const frame = composeFrame(progress, tails, readSize(), drawnAt);
    const taken = screen.draw(kept, frame);
    kept = [];
    if (taken !== undefined) slowReader = taken.then(catchUp);
    if (frame.length > 0) redrawAt(drawnAt + longestPause);
  }
  function catchUp(): void {
    slowReader = undefined;
    redrawSoon();
  }
  function redrawAt(time: number): void {
    if (due <= time) return;
    due = time;
    clearTimeout(timer);
    timer = setTimeout(redraw, time - performance.now()).unref();
  }
  function redrawSoon(): void {
    const soonest = drawnAt + shortestPause;
    if (soonest <= performance.now() || kept.length >= keptAtOnce) redraw();
    else redrawAt(soonest);
  }
  function takeEvent(event: Event): void {
    const now = performance.now();
    const keeping = linesToKeep(event, progress, program, now);
    kept.push(...keeping);
    tails.take(event, keeping.length > 0);
    advance(progress, event, now);
  }
  function lend(): void | Promise<void> {
    clearTimeout(timer);
    due = Infinity;
    void screen.draw(kept, []);
    kept = [];
    lent = true;
    return screen.clear();
  }
  function end(): void {
    closed = true;
    clearTimeout(timer);
    void screen.draw(kept, []);
    void screen.clear();
    kept = [];
  }

  stderr.on('resize', redrawSoon);
  // oxlint-disable-next-line no-restricted-properties -- no signal: a program that exits at once leaves the cursor hidden
  process.once('exit', end);

  function report(event: Event): void | Promise<void> {
    if (closed) return;
    if (event.type === 'terminal-lent') return lend();
    if (event.type === 'terminal-returned') lent = false;
    takeEvent(event);
    redrawSoon();
    return slowReader;
  }
  async function close(): Promise<void> {
    if (!closed) {
      stderr.off('resize', redrawSoon);
      process.off('exit', end);
      end();
    }
    await sink.flush();
  }
  return Object.assign(report, { close });
}
