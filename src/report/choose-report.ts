import { batchWrites } from './batch.ts';
import type { OpenReport } from './event.ts';
import type { Program } from './failure-text.ts';
import type { Size } from './frame.ts';
import { holdEventsWhileLent } from './hold-events.ts';
import { openLiveReport } from './live.ts';
import { openPlainReport } from './plain.ts';
import { openSink, type ReportStream } from './sink.ts';

/** How a run is to be reported, and where. */
export interface ReportChoice {
  /** `auto` is live on a terminal that can do it, unless this is a CI job, and plain otherwise. */
  readonly progress: 'auto' | 'live' | 'plain';
  /** `json` wins over `progress`. */
  readonly logFormat: 'text' | 'json';
  readonly stderr: ReportStream;
  /** Looked at: TERM, CI, NO_COLOR, COLUMNS, LINES. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Named in failures and defects. */
  readonly program: Program;
}

/**
 * Opens the report that renders all that a run emits, on standard error. Whoever opens it closes it before the process
 * ends: what a slow reader has not taken yet is lost otherwise.
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

/** A terminal that has not been told its size yet, as that of `docker run -t` at first, says 0. */
function firstPositive(size: number | undefined, variable: string | undefined, otherwise: number): number {
  if (size !== undefined && size > 0) return size;
  const asked = Number(variable);
  return Number.isSafeInteger(asked) && asked > 0 ? asked : otherwise;
}
