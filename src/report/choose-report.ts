import { batchWrites } from './batch.ts';
import type { OpenReport } from './event.ts';
import type { Program } from './failure-text.ts';
import type { Size } from './frame.ts';
import { holdEventsWhileLent } from './hold-events.ts';
import { openLiveReport } from './live.ts';
import { openPlainReport } from './plain.ts';
import { openSink, type ReportStream } from './sink.ts';

/** The form and the destination of a report. */
export interface ReportChoice {
  /** The form of text; `auto` means live on a capable terminal outside CI, and plain otherwise. */
  readonly progress: 'auto' | 'live' | 'plain';
  /** The format of the report; `json` takes precedence over `progress`. */
  readonly logFormat: 'text' | 'json';
  readonly stderr: ReportStream;
  /** The environment of the program; the report reads TERM, CI, NO_COLOR, COLUMNS and LINES. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The program: failures show its name, and defects its version. */
  readonly program: Program;
}

/**
 * Opens the report that renders a run's events on standard error. The caller closes it before the process ends; otherwise
 * output that a slow reader has not read yet is lost.
 */
export async function chooseReport(choice: ReportChoice): Promise<OpenReport> {
  return holdEventsWhileLent(await openReport(choice));
}

async function openReport(choice: ReportChoice): Promise<OpenReport> {
  const { stderr, environment, program } = choice;
  const sink = openSink(stderr);
  if (choice.logFormat === 'json') {
    const { openJsonReport } = await import('./json-lines.ts');
    return openJsonReport(batchWrites(sink), program);
  }
  if (!isLive(choice)) return openPlainReport(batchWrites(sink), program);
  const readSize = (): Size => ({
    columns: firstPositive(stderr.columns, environment['COLUMNS'], 80),
    rows: firstPositive(stderr.rows, environment['LINES'], 24),
  });
  return openLiveReport({ stderr, sink, readSize, colours: !isSet(environment['NO_COLOR']), program });
}

function isLive({ progress, stderr, environment }: ReportChoice): boolean {
  if (progress !== 'auto') return progress === 'live';
  const ci = environment['CI'];
  const inCi = isSet(ci) && ci !== 'false' && ci !== '0';
  return stderr.isTTY === true && environment['TERM'] !== 'dumb' && !inCi;
}

function isSet(variable: string | undefined): variable is string {
  return variable !== undefined && variable !== '';
}

/**
 * Chooses the first size that is known. A terminal that does not know its size yet reports 0, as the terminal of `docker run
 * -t` does at first.
 */
function firstPositive(size: number | undefined, variable: string | undefined, fallback: number): number {
  if (size !== undefined && size > 0) return size;
  const asked = Number(variable);
  return Number.isSafeInteger(asked) && asked > 0 ? asked : fallback;
}
