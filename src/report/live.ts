import type { Event, OpenReport } from './event.ts';
import type { Program } from './failure-text.ts';
import { composeFrame, type Line, type Size } from './frame.ts';
import { linesToKeep } from './kept-lines.ts';
import { advance, startProgress } from './progress.ts';
import { openScreen, type Screen } from './screen.ts';
import type { ReportStream, Sink } from './sink.ts';
import { trackLastLines } from './last-lines-by-task.ts';

/** The shortest time between two frames in milliseconds. */
const shortestPause = 100;
/** The longest time between two frames in milliseconds while a step runs. */
const longestPause = 1000;
const keptAtOnce = 1000;

/** The terminal of a live view, and the settings for drawing on it. */
export interface LiveView {
  readonly stderr: ReportStream;
  readonly sink: Sink;
  /** Reads the size of the terminal; the view calls it for each frame. */
  readonly readSize: () => Size;
  readonly colours: boolean;
  readonly program: Program;
}

/**
 * The report for a terminal. Finished steps, notes and failures stay as lines; below them a frame with the running work is
 * redrawn in place, at most ten times a second. The cursor is hidden until `close` or the process's exit.
 */
export function openLiveReport(view: LiveView): OpenReport {
  const drawing = new Drawing(view);
  const redrawSoon = () => drawing.redrawSoon();
  const end = () => drawing.end();
  view.stderr.on('resize', redrawSoon);
  // oxlint-disable-next-line no-restricted-properties -- not a signal: without this, a program that exits at once leaves the cursor hidden
  process.once('exit', end);

  function report(event: Event): void | Promise<void> {
    if (drawing.isClosed) return;
    if (event.type === 'terminal-lent') return drawing.lend();
    if (event.type === 'terminal-returned') drawing.takeBack();
    return drawing.take(event);
  }
  async function close(): Promise<void> {
    if (!drawing.isClosed) {
      view.stderr.off('resize', redrawSoon);
      process.off('exit', end);
      end();
    }
    await view.sink.flush();
  }
  return Object.assign(report, { close });
}

/** The state of a live view: the lines that wait to be drawn, and when the next frame is due. */
class Drawing {
  isClosed = false;
  readonly #view: LiveView;
  readonly #screen: Screen;
  readonly #progress = startProgress();
  readonly #lastLines = trackLastLines();
  #kept: Line[] = [];
  #drawnAt = -Infinity;
  #due = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #slowReader: Promise<void> | undefined;
  #isLent = false;

  constructor(view: LiveView) {
    this.#view = view;
    this.#screen = openScreen(view.sink, view.readSize, view.colours);
  }

  /** Takes an event into the view. Returns a promise if the reader of the terminal is slow. */
  take(event: Event): void | Promise<void> {
    const now = performance.now();
    const keeping = linesToKeep(event, this.#progress, this.#view.program, now);
    this.#kept.push(...keeping);
    this.#lastLines.take(event, keeping.length > 0);
    advance(this.#progress, event, now);
    this.redrawSoon();
    return this.#slowReader;
  }

  redrawSoon(): void {
    const soonest = this.#drawnAt + shortestPause;
    if (soonest <= performance.now() || this.#kept.length >= keptAtOnce) this.#redraw();
    else this.#redrawAt(soonest);
  }

  /** Removes the frame, and draws nothing until {@link takeBack}. */
  lend(): void | Promise<void> {
    this.#isLent = true;
    return this.#clear();
  }

  takeBack(): void {
    this.#isLent = false;
  }

  end(): void {
    this.isClosed = true;
    void this.#clear();
  }

  #redraw(): void {
    this.#cancel();
    if (this.isClosed || this.#isLent || this.#slowReader !== undefined) return;
    this.#drawnAt = performance.now();
    const frame = composeFrame(this.#progress, this.#lastLines, this.#view.readSize(), this.#drawnAt);
    const taken = this.#screen.draw(this.#kept, frame);
    this.#kept = [];
    if (taken !== undefined) this.#slowReader = taken.then(() => this.#catchUp());
    if (frame.length > 0) this.#redrawAt(this.#drawnAt + longestPause);
  }

  #catchUp(): void {
    this.#slowReader = undefined;
    this.redrawSoon();
  }

  #redrawAt(time: number): void {
    if (this.#due <= time) return;
    this.#cancel();
    this.#due = time;
    this.#timer = setTimeout(() => this.#redraw(), time - performance.now()).unref();
  }

  #clear(): void | Promise<void> {
    this.#cancel();
    void this.#screen.draw(this.#kept, []);
    this.#kept = [];
    return this.#screen.clear();
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }
}
